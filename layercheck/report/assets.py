"""Names of CDK's assets as people can read them: asset.cc4d9599… instead of 64 hexadecimal digits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from ..finding import Report

_ASSET = r"(asset\.[0-9a-f]{8})[0-9a-f]{56}(?=$|[./])"


def short_assets(report: Report) -> Report:
    """The report with short paths of assets, where these are different from one another still."""
    if not any(project.form == "cdk" for project in report.projects):
        return report
    short = short_paths([artifact.path for artifact in report.artifacts])
    return report._replace(artifacts=tuple([item._replace(path=short[item.path]) for item in report.artifacts]))


def short_paths(paths: Iterable[str]) -> dict[str, str]:
    """By path of an asset the one to show: short, unless another would look the same."""
    short = {path: re.sub(_ASSET, r"\1…", path) for path in paths}
    taken = Counter(short.values())
    return {path: shown if taken[shown] == 1 else path for path, shown in short.items()}
