"""The command line and the configuration together: what was given beats what is written, which beats the defaults."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from ..named_tuple import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ..check import Options
    from ..check.overrides import Baseline
    from ..config.read import ArtifactEntry, Configuration
    from ..finding import Report

SETTABLE = (
    *("select", "ignore", "fail_on", "min_severity", "min_confidence", "strict", "require_target", "baseline", "date"),
    *("kind", "runtime", "architecture", "layer", "handler", "env", "environment", "libraries", "upload"),
    "packager",
    *("max_unzipped", "max_zip", "verify_hashes", "format", "report"),
)
"""The options that a configuration may hold (a test holds this against its keys): they have no default in the parser,
so that what was given can be told from what was not."""

_FLAGS = ("strict", "require_target", "verify_hashes")


class NothingToCheck(Exception):
    """There is no INPUT, and ``missing`` when the configuration names artifacts that are not there."""

    def __init__(self, message: str, *, missing: bool) -> None:
        super().__init__(message)
        self.missing = missing


def add_options(parser: ArgumentParser, rest: ArgumentParser | None = None) -> None:
    """``--config`` and ``--no-config``; every option that the parser has by now may be configured.

    ``rest`` has what a view does not offer and takes from the configuration all the same; formats are its own.
    """
    group = parser.add_argument_group("configuration")
    group.add_argument("--config", metavar="FILE", help="instead of the layercheck.toml or pyproject.toml above")
    group.add_argument("--no-config", action="store_true", help="take no configuration")
    defaults = {name: parser.get_default(name) for name in SETTABLE}
    if rest is not None:
        defaults = {name: rest.get_default(name) if value is None else value for name, value in defaults.items()}
        for name in ("format", "report"):
            del defaults[name]
    # In the parser they have none: its help would tell it.
    defaults.update(dict.fromkeys(_FLAGS, False))
    parser.set_defaults(**dict.fromkeys(defaults), unset=defaults)


def settle(options: Namespace) -> tuple[list[tuple[str, Namespace]], Configuration | None]:
    """Fill what was not given; the inputs, each with its own options, and the configuration.

    Raises config.ConfigError for a wrong configuration, NothingToCheck without inputs.
    """
    from ..config import ConfigError, configuration

    if options.config is not None and options.no_config:
        raise ConfigError("--config and --no-config exclude one another")
    found = None if options.no_config else configuration(options.config)
    given = {name: getattr(options, name) for name in options.unset if getattr(options, name) is not None}
    values = {name: value for name, value in found.values.items() if name in options.unset} if found is not None else {}
    for name, value in _layered(options.unset, values, given).items():
        setattr(options, name, value)
    if found is None or not found.artifacts:
        if not options.inputs:
            raise NothingToCheck(_looked_for(found), missing=False)
        return [(name, options) for name in options.inputs], found
    pairs = _named(options.inputs, found) if options.inputs else _listed(found)
    inputs = []
    for name, entry in pairs:
        own = options
        if entry is not None:
            own = Namespace(**{**vars(options), **_layered(options.unset, values, entry.values, given)})
        inputs.append((name, own))
    return inputs, found


def _layered(*layers: Any) -> dict[str, Any]:
    """What the last of the layers that has it says; of environment variables, each by itself."""
    merged: dict[str, Any] = {}
    for layer in layers:
        variables = {**dict(merged.get("env") or ()), **dict(layer.get("env") or ())}
        merged.update(layer)
        merged["env"] = list(variables.items())
    return merged


def _named(inputs: list[str], found: Configuration) -> list[tuple[str, ArtifactEntry | None]]:
    """The inputs of the command line, each with the entries that are about it."""
    from ..check.places import is_at

    pairs: list[tuple[str, ArtifactEntry | None]] = []
    for name in inputs:
        mine = [e for e in found.artifacts if name != "-" and is_at(e.path, found.folder, name, found.cwd)]
        pairs += [(name, entry) for entry in _most_exact(mine)] or [(name, None)]
    return pairs


def _most_exact(entries: list[ArtifactEntry]) -> list[ArtifactEntry]:
    """Those that name the artifact itself, if there are any: a pattern is for what has no entry of its own."""
    from ..config.globs import is_pattern

    return [entry for entry in entries if not is_pattern(entry.path)] or entries


def _listed(found: Configuration) -> list[tuple[str, ArtifactEntry | None]]:
    """The artifacts that the configuration lists, in its order. Raises NothingToCheck where a pattern fits none."""
    from ..config import ConfigError
    from ..config.globs import TooMany, is_pattern, matching
    from ..config.read import from_here

    alone = {e.path for e in found.artifacts if not is_pattern(e.path)}
    pairs: list[tuple[str, ArtifactEntry | None]] = []
    for entry in found.artifacts:
        place = found.file if entry.line is None else f"{found.file}:{entry.line}"
        try:
            paths = matching(entry.path, found.folder) if is_pattern(entry.path) else [entry.path]
        except TooMany as error:
            raise ConfigError(f"{place}: artifact: {error}") from None
        if not paths:
            raise NothingToCheck(f"{place}: nothing fits {entry.path}", missing=True)
        pairs += [
            (from_here(path, found.folder, found.cwd), entry)
            for path in paths
            if not is_pattern(entry.path) or path not in alone
        ]
    return pairs


def _looked_for(found: Configuration | None) -> str:
    if found is not None:
        return f"no INPUT, and {found.file} lists no [[artifact]] (see 'layercheck --help')"
    return (
        "no INPUT: give artifacts, or list them as [[artifact]] in a layercheck.toml or as [[tool.layercheck.artifact]]"
        " in a pyproject.toml; none was found here or above (see 'layercheck --help')"
    )


def decisions(options: Namespace, found: Configuration | None) -> dict[str, Any]:
    """The fields of check.Options that hold what was decided about findings. Raises config.ConfigError."""
    from ..finding import Confidence, Severity

    fields: dict[str, Any] = {
        "select": tuple(word for words in options.select for word in words),
        "ignore": tuple(word for words in options.ignore for word in words),
        "fail_on": None if options.fail_on == "never" else Severity(options.fail_on),
        "min_severity": Severity(options.min_severity),
        "min_confidence": Confidence(options.min_confidence),
        "strict": options.strict,
    }
    if found is not None:
        fields["overrides"] = (found.overrides,)
    if options.write_baseline is not None or options.baseline is not None:
        fields["baseline"] = _baseline(options)
    return fields


def _baseline(options: Namespace) -> Baseline:
    from ..config.baseline import everything, read

    return read(options.baseline) if options.write_baseline is None else everything(options.write_baseline)


def baseline_text(report: Report, options: Options) -> str:
    """The baseline that accepts what a run found, which was asked to accept everything."""
    from ..check.judgement import Decisions
    from ..config.baseline import text

    baseline = options.baseline
    assert baseline is not None
    about = Decisions(options, {artifact.id: artifact.path for artifact in report.artifacts}, report.date)
    return text(about.accepted_as(baseline, s.finding) for s in report.suppressed if s.by == "baseline")
