"""A deployment that stays open while several views look into it."""

from __future__ import annotations

from ..check import Options, run
from ..check.deployment import Deployment, Opener, deploy
from ..check.options import Input, absent_name
from ..environment import normalise_architecture, runtime
from ..finding import Report


class Opened:
    """A context manager for the deployment of one input with the layers of the options."""

    def __init__(self, source: Input, options: Options) -> None:
        """Raises OSError for an input that cannot be read, ValueError for a wrong option."""
        options.validate()
        for name in options.runtimes:
            runtime(name)
        for name in options.architectures:
            normalise_architecture(name)
        self._opener = Opener(options)
        try:
            self.deployment: Deployment = deploy(self._opener, source, options)
        except BaseException:
            self._opener.close()
            raise

    def __enter__(self) -> Deployment:
        return self.deployment

    def __exit__(self, *ending: object) -> None:
        self._opener.close()


def check_open(deployment: Deployment, options: Options) -> Report:
    """The verdict on an open deployment; its artifacts are not read again. Raises ValueError for a wrong option."""
    main = deployment.main
    others = [subject.artifact for subject in deployment.stack.subjects if subject is not main]
    absent = [layer for layer in options.layers if absent_name(layer) is not None]
    return run([main.artifact], options._replace(layers=(*others, *absent), kind=main.kind))
