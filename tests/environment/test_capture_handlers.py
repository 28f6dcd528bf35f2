"""The printed functions, run for real in a root of their own laid out like Lambda's."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli.runs import here
from layercheck.environment.capture_lines import WrongResponse, read_response
from layercheck.environment.handlers import HANDLERS, handler_source
from support.elf_writer import build_elf
from support.root_tree import CAN_ENTER, REQUIRED, copy_program, enter, write_tree

LAMBDA_PATH = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
TOOLS = ("bash", "awk", "od", "sed", "stat", "readlink", "cat")
ASK_PYTHON = "import json,lambda_function;print(json.dumps(lambda_function.handler({}, None)))"
ASK_NODE = 'require("/var/task/index.js").handler().then((answer) => console.log(JSON.stringify(answer)))'

pytestmark = pytest.mark.skipif(
    not CAN_ENTER and not REQUIRED, reason="root on Linux x86_64 is needed to enter another root"
)


def place_program(root: Path, program: str, inside: str) -> None:
    copy_program(root, [os.path.realpath(program)], at="/usr/lib64")
    place = root / inside.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(os.path.realpath(program), place)
    place.chmod(0o755)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lambda's directories with this machine's Python, Node.js, bash and tools, and files of every kind in them."""
    root = tmp_path_factory.mktemp("lambda")
    (root / "usr/lib64").mkdir(parents=True)
    (root / "usr/bin").mkdir()
    (root / "lib64").symlink_to("usr/lib64")
    (root / "bin").symlink_to("usr/bin")
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None, tool
        place_program(root, found, f"/usr/bin/{tool}")
    # As on Amazon Linux; awk starts its commands with it.
    (root / "usr/bin/sh").symlink_to("bash")
    node = shutil.which("node")
    assert node is not None
    place_program(root, node, "/var/lang/bin/node")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    place_program(root, sys.executable, f"/var/lang/bin/python{version}")
    library = root / f"var/lang/lib/python{version}"
    skipped = shutil.ignore_patterns("test", "tests", "site-packages", "__pycache__", "config-*", "idlelib", "*.a")
    shutil.copytree(sysconfig.get_paths()["stdlib"], library, ignore=skipped, symlinks=True)
    many = {f"lib{number}.so": [f"V_{step}" for step in range(number)] for number in range(40)}
    write_tree(
        root,
        {
            "/usr/lib64/libmany.so.1": build_elf(
                soname="libmany.so.1", verdef=[f"M_{n}" for n in range(200)], verneed=many, rpath="$ORIGIN/a:/b"
            ),
            "/usr/lib64/libarm.so": build_elf(machine="aarch64", needed=["liba.so"], runpath="$ORIGIN"),
            "/usr/lib64/lib32.so": build_elf(machine="i386"),
            "/usr/lib64/libbig.so": build_elf(data="msb"),
            "/usr/lib64/libcut.so": build_elf(needed=["liba.so"])[:150],
            "/usr/lib64/liblink.so": "../../nowhere/liblink.so.1",
            "/usr/lib64/libtext.so": b"INPUT(-lc)\n",
            "/usr/lib64/libempty.so": b"",
            "/usr/lib64/libdir.so.d": None,
            '/usr/lib64/it\'s a $(name) "with" \\ signs.so': build_elf(soname="odd.so", needed=["liba.so"]),
            "/usr/lib64/libüber.so": build_elf(soname="libüber.so"),
            "/usr/bin/script": b"#!/bin/bash\n",
            "/usr/share/doc.txt": b"text",
            "/etc/ld.so.cache": b"glibc-ld.so.cache1.1" + bytes(range(256)),
            "/var/lang/lib/x/urllib3-2.0.dist-info/METADATA": b"",
            "/var/runtime/bootstrap": b"#!/bin/bash\n",
            "/opt/lib/libmine.so": build_elf(),
            "/var/task/lambda_function.py": handler_source("python").encode(),
            "/var/task/index.js": handler_source("nodejs").encode(),
            "/var/task/bootstrap": handler_source("bootstrap").encode(),
            "/proc/libproc.so": build_elf(),
            "/tmp/libtmp.so": build_elf(),
            "/dev/libdev.so": b"",
        },
    )
    return root


def run(root: Path, *command: str, **variables: str) -> str:
    done = subprocess.run(
        command,
        env={"LD_LIBRARY_PATH": LAMBDA_PATH, "PATH": "/var/lang/bin:/usr/bin/:/bin:/opt/bin", **variables},
        preexec_fn=partial(enter, root, "/var/task"),
        capture_output=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def answer(root: Path, language: str) -> str:
    if language == "python":
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        variables = {"PYTHONHOME": "/var/lang", "PYTHONDONTWRITEBYTECODE": "1"}
        return run(root, f"/var/lang/bin/python{version}", "-c", ASK_PYTHON, **variables)
    if language == "nodejs":
        return run(root, "/var/lang/bin/node", "-e", ASK_NODE)
    return run(root, "/usr/bin/bash", "/var/task/bootstrap")


@pytest.fixture(scope="module")
def expected(root: Path) -> dict[str, Any]:
    """What reading the same root from outside gives, without what the functions leave out."""
    document: dict[str, Any] = json.loads(here("capture", str(root), "--library-path", LAMBDA_PATH).out)
    away = ("/proc/", "/dev/", "/tmp/", "/opt/", "/var/task/")
    document["files"] = {path: file for path, file in document["files"].items() if not path.startswith(away)}
    return document


@pytest.mark.parametrize("language", HANDLERS)
def test_the_function_captures_what_is_there(
    root: Path, expected: dict[str, Any], language: str, tmp_path: Path
) -> None:
    response = tmp_path / "response.json"
    response.write_text(answer(root, language))
    # The service returns at most 6 MB.
    assert response.stat().st_size < 6_000_000
    done = here("capture", str(response))
    assert (done.code, done.err) == (0, "")
    document = json.loads(done.out)
    assert set(document["files"]) == set(expected["files"])
    wrong = {path: file for path, file in document["files"].items() if file != expected["files"][path]}
    # Of files that no loader of Lambda takes, the headers are enough.
    assert set(wrong) == {"/usr/lib64/lib32.so", "/usr/lib64/libbig.so"}
    for path, file in wrong.items():
        for key in ("machine", "class", "data", "type"):
            assert file["elf"][key] == expected["files"][path]["elf"][key]
    assert len(document["files"]) > 60
    assert document["path"] == ["/var/lang/bin", "/usr/bin/", "/bin", "/opt/bin"]
    for key in ("architecture", "loader", "library_path", "programs", "interpreters", "packages", "cache"):
        assert document[key] == expected[key], key


class _RuntimeApi(http.server.BaseHTTPRequestHandler):
    """The two calls of the runtime API that a function makes."""

    posted: list[tuple[str, bytes]]

    def do_GET(self) -> None:
        if self.server.posted:  # type: ignore[attr-defined]
            # A second event never comes: the function ends with its connection.
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "r-1")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.path, body))  # type: ignore[attr-defined]
        self.send_response(202)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def api() -> Iterator[http.server.ThreadingHTTPServer]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _RuntimeApi)
    server.posted = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_bootstrap_speaks_to_the_runtime_api_without_curl(root: Path, api: http.server.ThreadingHTTPServer) -> None:
    done = subprocess.run(
        ["/usr/bin/bash", "/var/task/bootstrap"],
        env={
            "PATH": "/usr/bin",
            "LD_LIBRARY_PATH": LAMBDA_PATH,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
        },
        preexec_fn=partial(enter, root, "/var/task"),
        capture_output=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")
    ((path, body),) = api.posted  # type: ignore[attr-defined]
    assert path == "/2018-06-01/runtime/invocation/r-1/response"
    told = read_response(body)
    assert told.variables() == {"PATH": "/usr/bin", "LD_LIBRARY_PATH": LAMBDA_PATH}
    assert len(list(told.members())) > 60


@pytest.mark.parametrize("language", HANDLERS)
def test_it_is_printed(language: str) -> None:
    done = here("capture", "--print-handler", language)
    assert (done.code, done.err) == (0, "")
    assert done.out == handler_source(language)
    assert "layercheck capture" in done.out


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{", "not JSON"),
        (b'{"errorMessage": "timed out"}', "the function failed: timed out"),
        (b'{"layercheck_capture": 2, "lines": []}', "not what the capturing function returns"),
        (b'{"layercheck_capture": 1, "lines": [1]}', "it has no lines"),
        (b'{"layercheck_capture": 1, "lines": ["L"]}', "line 1 of the capture"),
        (b'{"layercheck_capture": 1, "lines": ["V\\ta\\tb", "E\\t/x\\tmany"]}', "line 2 of the capture"),
        (b'{"layercheck_capture": 1, "lines": ["F\\tx\\t1\\t0"]}', "line 1 of the capture"),
        (b'{"layercheck_capture": 1, "lines": ["E\\t/x\\t9\\t0\\t0:zz"]}', "line 1 of the capture"),
        (b'{"layercheck_capture": 1, "lines": ["Q\\t/x"]}', "line 1 of the capture"),
    ],
)
def test_a_response_that_is_no_capture(data: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(WrongResponse, match=words):
        list(read_response(data).members())
    path = tmp_path / "response.json"
    path.write_bytes(data)
    done = here("capture", str(path))
    assert (done.code, done.out) == (3, "")
    assert words in done.err


def test_a_file_that_could_not_be_read_there() -> None:
    response = read_response(b'{"layercheck_capture": 1, "lines": ["U\\t/lib/libx.so"]}')
    (member,) = response.members()
    assert member.content is not None
    with pytest.raises(OSError, match="could not be read"):
        member.content.fetch([(0, 4)])
