"""What ``--help`` prints: the overview of the commands on one screen, examples for each. Loaded only to be shown."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

_ARGUMENTS = {
    "check": "INPUT...",
    "libs": "INPUT",
    "size": "INPUT",
    "diff": "OLD NEW",
    "capture": "ROOT",
    "explain": "RULE",
    "schema": "NAME",
    "completion": "SHELL",
}
_EXAMPLES = {
    "check": """\
  layercheck layer.zip                          on which runtimes does it work?
  layercheck layer.zip -r python3.12 -a arm64   does it work there?
  layercheck app.zip --layer layer.zip -r nodejs22.x -a x86_64 --handler a.main
  layercheck layer.zip -r python3.12 -a arm64 -f json -o report.json

exit codes: 0 passed; 1 findings; 2 wrong command line; 3 could not check""",
    "libs": """\
  layercheck libs layer.zip -r python3.12 -a x86_64
  layercheck libs layer.zip -r python3.12 -a x86_64 --root /opt/bin/tool

exit codes: 0 all load; 1 some do not; 2 wrong command line; 3 could not check""",
    "size": """\
  layercheck size layer.zip --top 5
  layercheck size app.zip --layer layer.zip --advise -r python3.12 -a arm64
  layercheck size app.zip --functions 4
  layercheck size .aws-sam/build                each function against the limit

exit codes: 0 fits; 1 too large; 2 wrong command line; 3 could not read it""",
    "diff": """\
  layercheck diff published.zip build/layer.zip -r python3.12 -a arm64
  layercheck diff old.zip new/ -f markdown -o comment.md
  layercheck diff ../main/cdk.out cdk.out       each function and each layer

exit codes: 0 same content; 1 different; 2 wrong command line; 3 cannot be told""",
    "capture": """\
  docker export base | layercheck capture - -o python3.12.json
  layercheck capture --print-handler python > app.py""",
    "rules": "  layercheck rules -f json",
    "explain": "  layercheck explain LC401\n  layercheck explain missing-library",
    "runtimes": "  layercheck runtimes --date 2027-06-30",
    "schema": "  layercheck schema report > report-schema.json",
    "completion": """\
  layercheck completion bash >> ~/.bash_completion
  layercheck completion zsh > ~/.zfunc/_layercheck     (fpath has ~/.zfunc)
  layercheck completion fish > ~/.config/fish/completions/layercheck.fish""",
}


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Argparse's, with ``-r, --runtime NAME`` instead of the name twice, and values as they are typed: ``a|b``."""

    def __init__(self, prog: str, **more: object) -> None:
        super().__init__(prog, max_help_position=32)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings:
            return super()._format_action_invocation(action)
        names = ", ".join(action.option_strings)
        if action.nargs == 0:
            return names
        if action.choices is not None and action.metavar is None:
            return f"{names} {'|'.join(map(str, action.choices))}"
        return f"{names} {action.metavar or action.dest.upper()}"


def about(command: str) -> dict[str, str]:
    """The usage line and the examples of a command."""
    usage = " ".join(filter(None, ["layercheck", command, _ARGUMENTS.get(command, ""), "[options]"]))
    return {"usage": usage, "epilog": f"examples:\n{_EXAMPLES[command]}"}


def overview(commands: Mapping[str, str]) -> str:
    """The help without a command: at most 24 lines of 80 columns."""
    width = max(map(len, commands))
    return "\n".join(
        [
            "usage: layercheck [check] INPUT... [options]",
            "       layercheck COMMAND ...",
            "Verify AWS Lambda layer and function artifacts before they are deployed.",
            "",
            "commands (layercheck COMMAND --help tells more, --version the version):",
            *[f"  {name:{width}}  {purpose}" for name, purpose in commands.items()],
            "",
            "INPUT is a zip, jar, wheel or directory, or - for standard input.",
            "  layercheck layer.zip                          on which runtimes does it work?",
            "  layercheck layer.zip -r python3.12 -a arm64   does it work there?",
            "exit codes: 0 passed; 1 findings; 2 wrong command line; 3 could not check",
            "",
        ]
    )
