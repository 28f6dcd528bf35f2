"""Names of CDK's assets as people can read them: asset.cc4d9599… instead of 64 hexadecimal digits."""

from __future__ import annotations

import re
from collections import Counter

from ..finding import Report

_ASSET = r"(asset\.[0-9a-f]{8})[0-9a-f]{56}(?=$|[./])"


def short_assets(report: Report) -> Report:
    """The report with short paths of assets, where these are different from one another still."""
    if not any(project.form == "cdk" for project in report.projects):
        return report
    short = {artifact.path: re.sub(_ASSET, r"\1…", artifact.path) for artifact in report.artifacts}
    taken = Counter(short.values())
    artifacts = [a._replace(path=short[a.path] if taken[short[a.path]] == 1 else a.path) for a in report.artifacts]
    return report._replace(artifacts=tuple(artifacts))
