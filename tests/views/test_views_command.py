"""``layercheck size`` and ``layercheck diff`` as commands: pages, exit codes, hostile names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings

from cli.runs import TARGET, Run, command, here
from hostile.test_names_are_escaped import NAMES, harmless
from hostile.test_names_are_escaped import layer as hostile_layer
from layercheck.check import Options
from layercheck.inspect.advise import advise
from layercheck.inspect.opened import Opened
from layercheck.inspect.size import measure
from layercheck.report import diff_markdown, diff_text, size_text
from support.zip_writer import simple_zip
from views import golden
from views.made import diff_json, differ, layer, size_json, stored


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    golden.build(tmp_path)
    (tmp_path / "garbage.zip").write_bytes(b"\0garbage")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("page", golden.PAGES)
def test_pages_stay_as_they_are(page: str) -> None:
    expected = (golden.FOLDER / page).read_text(encoding="utf-8")
    assert golden.page(page) == expected, "read the new page, then run: python tests/views/golden.py"


CODES: Sequence[tuple[int, Sequence[str]]] = (
    (0, ("size", "old.zip")),
    (0, ("size", "old.zip", "-f", "json")),
    (0, ("size", "old.zip", "--top", "1", "--advise")),
    (0, ("--advise", "size", "old.zip")),
    (0, ("--top", "2", "size", "old.zip")),
    (1, ("size", "garbage.zip")),
    (2, ("size",)),
    (2, ("size", "old.zip", "new.zip")),
    (2, ("size", "old.zip", "--top", "0")),
    (2, ("size", "old.zip", "--top", "many")),
    (2, ("size", "old.zip", "--functions", "-3")),
    (2, ("size", "old.zip", "-r", "python3.12x")),
    (2, ("size", "old.zip", "-f", "sarif")),
    (2, ("size", "-", "--layer", "-")),
    (3, ("size", "none.zip")),
    (3, ("size", "old.zip", "--layer", "none.zip")),
    (3, ("size", "old.zip", "-o", "no/such/folder/x")),
    (0, ("diff", "old.zip", "old.zip")),
    (1, ("diff", "old.zip", "new.zip")),
    (1, ("diff", "old.zip", "new.zip", *TARGET, "-f", "markdown")),
    (1, ("diff", "old.zip", "new.zip", *TARGET, "-f", "json")),
    (3, ("diff", "old.zip", "garbage.zip")),
    (0, ("diff", "garbage.zip", "garbage.zip")),
    (2, ("diff", "old.zip")),
    (2, ("diff", "old.zip", "new.zip", "-a", "sparc")),
    (2, ("diff", "-", "-")),
    (3, ("diff", "old.zip", "none.zip")),
    (0, ("schema", "size")),
    (0, ("schema", "diff")),
)  # fmt: skip


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("code", "arguments"), CODES, ids=[" ".join(case[1]) for case in CODES])
def test_exit_codes(code: int, arguments: Sequence[str]) -> None:
    run = here(*arguments)
    assert run.code == code, run
    assert "Traceback" not in run.err
    if code == 2:
        assert run.out == ""
        assert run.err.startswith("layercheck: ")


def test_the_commands_in_a_process_of_their_own(folder: Path) -> None:
    data = (folder / "old.zip").read_bytes()
    run = command("size", "-", "-f", "json", stdin=data, cwd=folder)
    assert (run.code, run.err) == (0, "")
    assert json.loads(run.out)["artifacts"][0]["zip_bytes"] == len(data)
    run = command("diff", "-", "new.zip", "-q", stdin=data, cwd=folder)
    assert (run.code, run.out.count("\n")) == (1, 1)
    assert run.out.startswith("DIFFERENT: ")


def test_files_named_like_commands_are_inputs_where_they_are_paths(folder: Path) -> None:
    for name in ("size", "diff", "check"):
        (folder / name).write_bytes((folder / "old.zip").read_bytes())
        for arguments in ((f"./{name}",), ("check", name), (str(folder / name),)):
            document = json.loads(here(*arguments, *TARGET, "-f", "json").out)
            assert document["artifacts"][0]["path"] == arguments[-1]
    assert json.loads(here("size", "size", "-f", "json").out)["artifacts"][0]["path"] == "size"


def test_pages_fit_their_columns_and_colour_is_only_colour(folder: Path) -> None:
    with Opened("app.zip", Options(layers=("old.zip",))) as deployment:
        sizes = measure(deployment)
        advice = advise(deployment, sizes, Options(), 3)
    difference = differ("old.zip", "new.zip")
    for width in (60, 80, 160):
        plain = size_text.render(sizes, advice, top=None, color=False, width=width)
        assert max(map(len, plain.splitlines())) <= width
        page = diff_text.render(difference, color=False, width=width)
        assert max(map(len, page.splitlines())) <= width
        coloured = size_text.render(sizes, advice, top=None, color=True, width=width)
        assert "\x1b[" in coloured
        assert "\x1b[" not in plain + page


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(NAMES)
@example(b"\x1b[2J")
@example(b"a\nb")
def test_no_name_reaches_a_page_raw(name: bytes) -> None:
    data, good = hostile_layer(name), stored(layer())
    with Opened(data, Options()) as deployment:
        sizes = measure(deployment)
        advice = advise(deployment, sizes, Options())
    harmless(size_text.render(sizes, advice, top=100, color=False, width=100))
    for old, new in ((data, good), (good, data)):
        difference = differ(old, new)
        harmless(diff_text.render(difference, color=False, width=100, verbose=True))
        harmless(diff_markdown.render(difference))
    size_json(data, functions=0)
    diff_json(data, good)


def test_many_files_make_no_long_page(folder: Path) -> None:
    many = simple_zip({f"python/p{n % 100}/f{n}.py": b"" for n in range(20_000)})
    (folder / "many.zip").write_bytes(many)
    run: Run = here("diff", "old.zip", "many.zip", *TARGET)
    assert run.code == 1
    assert run.out.count("\n") < 120
    assert len(here("diff", "old.zip", "many.zip", *TARGET, "-f", "markdown").out) < 65_536
