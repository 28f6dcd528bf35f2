"""LC564, LC565 and LC567: interpreters, programs that are no runtime client, and what is no program at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from check.made import Files, judge, module, of, program, static_program, told
from layercheck.artifact.runtime_client import mentions_runtime_api
from layercheck.environment import load, runtime
from layercheck.environment.captured import from_document
from layercheck.environment.programs import has_program
from support.foreign_writer import build_macho, build_pe
from support.zip_writer import simple_zip

FUNCTION: dict[str, Any] = {"runtime": "provided.al2023", "kind": "function"}
LAYER: dict[str, Any] = {"kind": "layer"}
EXT = "extensions/agent"
API = b"AWS_LAMBDA_RUNTIME_API"


def script(text: str) -> tuple[bytes, int]:
    return text.encode(), 0o755


def large(data: bytes) -> tuple[bytes, int]:
    """A program of a size that programs have."""
    return data + bytes(100_000), 0o755


def extension(line: str) -> Files:
    return {EXT: script(f"{line}\ntrue\n"), "share/agent/main.py": b"1"}


INTERPRETERS: Sequence[tuple[str, Files, dict[str, Any], list[tuple[str, str, str | None]]]] = (
    ("sh", extension("#!/bin/sh"), LAYER, []),
    ("bash with an option", extension("#!/bin/bash -e"), LAYER, []),
    ("blanks around", extension("#! /usr/bin/env  bash "), LAYER, []),
    ("bash below /usr", extension("#!/usr/bin/bash"), LAYER | {"runtime": "nodejs16.x"}, []),
    ("python3 on Python", extension("#!/usr/bin/env python3"), LAYER, []),
    ("the runtime's own path", extension("#!/var/lang/bin/python3.12"), LAYER, []),
    ("node on Node.js", extension("#!/usr/bin/env node"), LAYER | {"runtime": "nodejs22.x"}, []),
    ("python3 on Node.js, which another layer could bring", extension("#!/usr/bin/env python3"),
     LAYER | {"runtime": "nodejs22.x"}, [("LC564", "warning", EXT)]),
    ("python3 below /usr/bin", extension("#!/usr/bin/python3"), LAYER, [("LC564", "error", EXT)]),
    ("another Python's path", extension("#!/var/lang/bin/python3.9"), LAYER, [("LC564", "error", EXT)]),
    ("the image's path", extension("#!/usr/local/bin/python3"), LAYER, [("LC564", "error", EXT)]),
    ("the developer's path", extension("#!/Users/me/venv/bin/python"), LAYER, [("LC564", "error", EXT)]),
    ("env with an option", extension("#!/usr/bin/env python3 -u"), LAYER, [("LC564", "error", EXT)]),
    ("env -S with an option", extension("#!/usr/bin/env -S python3 -u"), LAYER, []),
    ("env with an assignment", extension("#!/usr/bin/env A=b"), LAYER, []),
    ("no program", extension("#!"), LAYER, [("LC564", "error", EXT)]),
    ("brought along", {**extension("#!/opt/bin/node"), "bin/node": (program(), 0o755)}, LAYER, []),
    ("brought along, through env", {**extension("#!/usr/bin/env node"), "bin/node": (program(), 0o755)}, LAYER, []),
    ("in /opt, and not there: another layer may bring it", extension("#!/opt/bin/node"), LAYER, []),
    ("in a directory of which nothing is known", extension("#!/usr/libexec/x"), LAYER, []),
    ("bootstrap on a runtime that starts none", {"bootstrap": script("#!/no/such\n"), "python/a.py": b"1"}, LAYER, []),
    ("PHP of the function", {"bootstrap": script("#!/var/task/bin/php\n"), "bin/php": (program(), 0o755)},
     FUNCTION, []),
    ("PHP that the function lacks", {"bootstrap": script("#!/var/task/bin/php\n"), "a.php": b"1"}, FUNCTION,
     [("LC564", "error", "bootstrap")]),
    ("relative to /var/task", {"bootstrap": script("#!bin/php\n"), "bin/php": (program(), 0o755)}, FUNCTION, []),
    ("a directory", {"bootstrap": script("#!/var/task/bin\n"), "bin/php": (program(), 0o755)}, FUNCTION,
     [("LC564", "error", "bootstrap")]),
    ("CR LF is another fault", {"bootstrap": script("#!/no/such\r\n")}, FUNCTION, [("LC563", "error", "bootstrap")]),
    ("scripts of pip", {"python/bin/tool": script("#!/home/me/venv/bin/python\n"), "python/a.py": b"1"}, LAYER, []),
    ("scripts of /opt/bin, together", {"bin/a": script("#!/usr/bin/perl\n"), "bin/b": script("#!/usr/bin/perl\n")},
     LAYER, [("LC564", "info", "bin/a")]),
)  # fmt: skip

CLIENTS: Sequence[tuple[str, Files, list[tuple[str, str, str | None]]]] = (
    ("an ordinary program", {"bootstrap": large(static_program())}, [("LC565", "warning", "bootstrap")]),
    ("a client", {"bootstrap": large(static_program() + API)}, []),
    ("a client in UTF-16", {"bootstrap": large(static_program() + API.decode().encode("utf-16-le"))}, []),
    ("packed", {"bootstrap": large(static_program() + b"UPX!")}, []),
    ("a launcher", {"bootstrap": (static_program(), 0o755)}, []),
    ("a client in a library", {"bootstrap": large(program("libclient.so")), "lib/libclient.so": module()}, []),
    ("a script that ends", {"bootstrap": script("#!/bin/sh\necho hello\n")}, [("LC565", "warning", "bootstrap")]),
    ("with what shells have", {"bootstrap": script('#!/bin/bash\nA=1\nif [ "$A" = 1 ]; then date | grep x; fi\n')},
     [("LC565", "warning", "bootstrap")]),
    ("a comment does not serve", {"bootstrap": script("#!/bin/sh\necho a # exec x\n")},
     [("LC565", "warning", "bootstrap")]),
    ("a script that asks", {"bootstrap": script(f"#!/bin/sh\ncurl $({API.decode()})\n")}, []),
    ("starts a file", {"bootstrap": script("#!/bin/sh\ncd /var/task\n./server\n"), "server": b"x"}, []),
    ("starts something unknown", {"bootstrap": script("#!/bin/sh\nserver --port 8080\n")}, []),
    ("starts what a variable says", {"bootstrap": script('#!/bin/sh\n"$LAMBDA_TASK_ROOT/x"\n')}, []),
    ("exec", {"bootstrap": script("#!/bin/sh\nexec $_HANDLER\n")}, []),
    ("in another language", {"bootstrap": script("#!/var/task/php\n<?php echo 1;\n"), "php": (program(), 0o755)}, []),
    ("a here document", {"bootstrap": script("#!/bin/sh\ncat <<E\nx\nE\n")}, []),
)  # fmt: skip

UNUSABLE: Sequence[tuple[str, Files, list[tuple[str, str, str | None]]]] = (
    ("a zip", {"bootstrap": (simple_zip({"main": b"x"}), 0o755)}, [("LC567", "error", "bootstrap")]),
    ("a tar.gz", {"bootstrap": (b"\x1f\x8b" + bytes(30), 0o755)}, [("LC567", "error", "bootstrap")]),
    ("an object file", {"bootstrap": (module(etype="rel"), 0o755)}, [("LC567", "error", "bootstrap")]),
    ("a library", {"bootstrap": (module(soname="libmain.so"), 0o755)}, [("LC567", "error", "bootstrap")]),
    ("text", {"bootstrap": script("echo hello\n")}, [("LC567", "error", "bootstrap")]),
    ("nothing", {"bootstrap": script("")}, [("LC567", "error", "bootstrap")]),
    ("an assembly", {"bootstrap": (build_pe(managed=True), 0o755)}, [("LC567", "error", "bootstrap")]),
    ("a Mac's program is told as that", {"bootstrap": (build_macho(), 0o755)}, [("LC302", "error", "bootstrap")]),
    ("a directory", {"bootstrap/readme.txt": b"x", "bootstrap/a.php": b"x"}, [("LC567", "error", "bootstrap")]),
    ("a directory with the program", {"bootstrap/main": (static_program(), 0o755)},
     [("LC562", "error", "bootstrap/main")]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("files", "options", "wanted"), [c[1:] for c in INTERPRETERS], ids=[c[0] for c in INTERPRETERS]
)
def test_interpreters(files: Files, options: dict[str, Any], wanted: list[tuple[str, str, str | None]]) -> None:
    found = [line for line in told(judge(files, **options)) if line[0] in ("LC563", "LC564")]
    assert found == wanted


@pytest.mark.parametrize(("files", "wanted"), [c[1:] for c in CLIENTS], ids=[c[0] for c in CLIENTS])
def test_clients(files: Files, wanted: list[tuple[str, str, str | None]]) -> None:
    assert [line for line in told(judge(files, **FUNCTION)) if line[0] == "LC565"] == wanted


@pytest.mark.parametrize(("files", "wanted"), [c[1:] for c in UNUSABLE], ids=[c[0] for c in UNUSABLE])
def test_what_is_no_program(files: Files, wanted: list[tuple[str, str, str | None]]) -> None:
    assert [line for line in told(judge(files, **FUNCTION)) if line[1] == "error"] == wanted


def test_a_bootstrap_of_a_layer_serves_where_the_function_has_only_a_directory() -> None:
    layer = simple_zip({"bootstrap": script("#!/bin/sh\nexec x\n")})
    assert told(judge({"bootstrap/a.php": b"x"}, layers=[layer], **FUNCTION)) == []


def test_an_adapter_may_ask_for_an_ordinary_server() -> None:
    server: Files = {"bootstrap": large(static_program())}
    adapter = simple_zip({EXT: (static_program(), 0o755)})
    assert told(judge(server, layers=[adapter], **FUNCTION)) == []
    arn = "arn:aws:lambda:eu-west-1:753240598075:layer:LambdaAdapterLayerX86:24"
    report = judge(server, layers=[arn], **FUNCTION)
    assert told(report) == []
    assert [item.what for item in report.unchecked] == ["who serves the Runtime API"]
    assert arn in report.unchecked[0].why


@pytest.mark.parametrize(
    ("line", "why"),
    [("#!/opt/bin/node", "another layer"), ("#!/usr/libexec/x", "which programs lie there is not known")],
)
def test_what_cannot_be_known_is_said(line: str, why: str) -> None:
    (item,) = judge(extension(line), **LAYER).unchecked
    assert (item.path, why in item.why, item.targets) == (EXT, True, ("t1",))


@pytest.mark.parametrize(
    ("line", "runtime_name", "words"),
    [
        ("#!/usr/local/bin/python3", "python3.12", ("sed -i", "#!/var/lang/bin/python3", EXT, "zip -qry")),
        ("#!/usr/bin/python3.9", "python3.12", ("#!/var/lang/bin/python",)),
        ("#!/usr/local/bin/zsh", "python3.12", ("#!/usr/bin/bash",)),
        ("#!/usr/bin/env python3 -u", "python3.12", ("#!/var/lang/bin/python3",)),
        ("#!/usr/bin/php", "nodejs22.x", ("bin/php", "#!/opt/bin/php", "x86_64")),
    ],
)
def test_the_fix_names_an_interpreter_that_is_there(line: str, runtime_name: str, words: Sequence[str]) -> None:
    (finding,) = of(judge(extension(line), runtime=runtime_name, **LAYER), "LC564")
    assert [word for word in words if word not in (finding.fix or "")] == []


def test_a_wrapper_is_started_too() -> None:
    files: Files = {"wrap": script('#!/usr/bin/perl\nexec "$@"\n'), "python/a.py": b"1"}
    assert told(judge(files, env={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"})) == [("LC564", "error", "wrap")]


def test_path_of_the_function_decides() -> None:
    files: Files = {**extension("#!/usr/bin/env python3"), "bin/a": b"x"}
    assert told(judge(files, env={"PATH": "/var/lang/bin"}, **LAYER)) == []
    report = judge(files, env={"PATH": "/usr/bin"}, **LAYER)
    assert told(report) == [("LC564", "error", EXT)]


def captured(**more: Any) -> Any:
    return from_document(
        {
            "schema_version": "1.0",
            "architecture": "x86_64",
            "loader": {"kind": "glibc", "path": "/lib64/ld-linux-x86-64.so.2"},
            "files": {"/bin": {"link": "usr/bin"}, "/usr/lib64/libc.so.6": {"named": {"soname": "libc.so.6"}}},
            **more,
        }
    )


def test_a_captured_environment_answers_by_its_own_list() -> None:
    environment = captured(path=["/usr/local/bin/", "/bin"], programs=["/usr/bin/perl", "/usr/local/bin/ruby"])
    unit = runtime("python3.12")
    paths = ("/usr/bin/perl", "/bin/perl", "/usr/local/bin/ruby", "/bin/sh", "/usr/libexec/x", "/home/me/x")
    assert [has_program(environment, unit, path) for path in paths] == [True, True, True, False, None, None]
    report = judge(extension("#!/bin/sh"), runtime=None, architecture=None, environment=environment, **LAYER)
    assert told(report)[0] == ("LC564", "error", EXT)


def test_the_listing_knows_each_system_and_language() -> None:
    for name, path, wanted in (
        ("provided.al2", "/bin/sh", True),
        ("provided.al2", "/usr/bin/curl", False),
        ("provided.al2023", "/usr/bin/curl", True),
        ("provided.al2023", "/var/lang/bin/python3", False),
        ("java21", "/var/lang/bin/java", True),
        ("ruby3.3", "/var/lang/bin/ruby", True),
        ("dotnet8", "/var/lang/bin/dotnet", True),
        ("python3.13", "/var/lang/bin/python3.13", True),
        ("nodejs22.x", "/opt/bin/node", False),
    ):
        assert has_program(load(name, "x86_64"), runtime(name), path) is wanted, (name, path)


class Window:
    """A file of which at most a range at a time is handed out."""

    def __init__(self, data: bytes, size: int | None = None) -> None:
        self.data = data
        self.size = len(data) if size is None else size
        self.fetched = 0

    def fetch(self, wanted: Sequence[tuple[int, int]]) -> list[Any]:
        from layercheck.elf import View

        self.fetched += len(wanted)
        return [View(self.data, min(at, len(self.data)), min(at + size, len(self.data))) for at, size in wanted]


@pytest.mark.parametrize("place", [0, (1 << 20) - 5, (1 << 20) + 5, (3 << 20) - 30])
def test_the_literal_is_found_across_pieces(place: int) -> None:
    data = bytearray(3 << 20)
    data[place : place + len(API)] = API
    assert mentions_runtime_api(bytes(data[:4096]), Window(bytes(data))) is True
    assert mentions_runtime_api(b"\x7fELF", Window(bytes(3 << 20))) is False


def test_a_program_too_large_to_hold_is_not_read_again() -> None:
    window = Window(b"\x7fELF", size=1 << 30)
    assert mentions_runtime_api(b"\x7fELF", window) is None
    assert window.fetched == 0


@pytest.mark.parametrize(
    "data", [b"#!", b"#!\n", b"#!" + b"\xff" * 300, b"#! \t\n", b"#!/usr/bin/env\n", b"#!\0\n", b"#!" + b"/" * 5000]
)
def test_hostile_first_lines_never_raise(data: bytes) -> None:
    for options in (FUNCTION, LAYER | {"env": {"PATH": ":::"}}):
        judge({"bootstrap": (data, 0o755), EXT: (data, 0o755)}, **options)


def test_a_script_of_odd_bytes_is_read_quickly() -> None:
    body = b"#!/bin/sh\n" + b"((((((((" * 400 + b"$(" * 300
    judge({"bootstrap": (body, 0o755)}, **FUNCTION)
