"""Projects: SAM and CloudFormation templates turned into the deployments that they describe.

``find`` tells whether a path is a project, and reads it; ``Project.jobs`` gives what ``check.run_jobs`` judges.
"""

from __future__ import annotations

from .finder import Project, find

__all__ = ["Project", "find"]
