"""layercheck.testing, as people use it: in their own tests, run by pytest in a folder of theirs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gate import layers
from layercheck.finding import Report
from layercheck.testing import assert_deployable
from project.sources import ROOT, built_wheel

pytest_plugins = ["pytester"]

USES = """
def test_good(layercheck):
    assert layercheck("good.zip", runtime="python3.12", architecture="x86_64").passed

def test_bad(layercheck):
    layercheck("bad.zip", runtime="python3.12", architecture="x86_64")

def test_imported():
    from layercheck.testing import assert_deployable
    assert_deployable("bad.zip", runtime=["python3.12", "python3.13"], architecture="x86_64", ignore=["LC401"])
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the wheel holds, its entry points too."""
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(built_wheel(folder)) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_what_is_deployable_passes(tmp_path: Path) -> None:
    report = assert_deployable(layers.good(tmp_path / "good.zip"), runtime="python3.12", architecture="arm64")
    assert isinstance(report, Report)
    assert report.passed
    assert [(target.runtime, target.architecture) for target in report.targets] == [("python3.12", "arm64")]


def test_what_is_not_fails_with_the_reason(tmp_path: Path) -> None:
    path = layers.bad(tmp_path / "bad.zip")
    with pytest.raises(AssertionError) as caught:
        assert_deployable(path, runtime="python3.12", architecture="x86_64")
    text = str(caught.value)
    assert text.startswith("not deployable\n\n")
    assert "error LC401 missing-library" in text
    assert "libnowhere.so.1" in text
    assert "\x1b" not in text


def test_its_options_are_those_of_check(tmp_path: Path) -> None:
    good, bad = layers.good(tmp_path / "good.zip"), layers.bad(tmp_path / "bad.zip")
    function = layers.function(tmp_path / "function.zip")
    target = {"runtime": "python3.12", "architecture": "x86_64"}
    with pytest.raises(AssertionError, match="LC401"):
        assert_deployable(function, layers=[good, bad], handler="app.handler", **target)
    assert assert_deployable(bad, fail_on=None, **target).findings
    with pytest.raises(AssertionError, match="LC206"):
        assert_deployable(good, max_zip=1, **target)
    with pytest.raises(TypeError, match="nonsense"):
        assert_deployable(good, nonsense=1, **target)
    with pytest.raises(FileNotFoundError):
        assert_deployable(tmp_path / "absent.zip", **target)


@pytest.mark.parametrize(
    "given", [{}, {"runtime": "python3.12"}, {"architecture": "arm64"}, {"runtime": [], "architecture": "arm64"}]
)
def test_a_target_is_needed(given: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give runtime and architecture, or environment"):
        assert_deployable(layers.good(tmp_path / "good.zip"), **given)


def test_the_fixture_is_found_and_tells_what_is_wrong(pytester: pytest.Pytester, installed: Path) -> None:
    layers.good(pytester.path / "good.zip")
    layers.bad(pytester.path / "bad.zip")
    pytester.makepyfile(USES)
    pytester._monkeypatch.setenv("PYTHONPATH", str(installed))
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines(
        [
            '>   *layercheck("bad.zip", runtime="python3.12", architecture="x86_64")',
            "E   *AssertionError: not deployable",
            "E   *error LC401 missing-library*",
        ]
    )
    # The traceback ends in the test itself.
    done.stdout.no_fnmatch_line("*check(artifact, runtime*")
    found = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--fixtures")
    found.stdout.fnmatch_lines(["layercheck [[]session scope[]]*"])


PROBE = """
import json, sys
def pytest_sessionfinish():
    names = sorted(name for name in sys.modules if name.partition(".")[0] in ("layercheck", "rich", "yaml"))
    open("loaded.json", "w").write(json.dumps(names))
"""


def test_who_does_not_use_it_hardly_pays(pytester: pytest.Pytester, installed: Path) -> None:
    pytester.makeconftest(PROBE)
    pytester.makepyfile("def test_nothing():\n    pass")
    pytester._monkeypatch.setenv("PYTHONPATH", str(installed))
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    assert set(json.loads((pytester.path / "loaded.json").read_text())) <= {
        "layercheck",
        "layercheck._version",
        "layercheck.named_tuple",
        "layercheck.testing",
        "layercheck.testing.plugin",
    }


def test_it_needs_no_pytest(tmp_path: Path) -> None:
    layers.bad(tmp_path / "bad.zip")
    code = (
        "import sys\nfrom layercheck.testing import assert_deployable\n"
        "assert 'layercheck.check' not in sys.modules\n"
        "try:\n    assert_deployable('bad.zip', runtime='python3.12', architecture='x86_64')\n"
        "except AssertionError as error:\n    print('pytest' in sys.modules, 'LC401' in str(error))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=env)
    assert (done.stdout, done.stderr) == ("False True\n", "")
