"""Our emulation of an interpreter's process against this machine's own Python, which imports random modules."""

from __future__ import annotations

import ast
import os
import random
import shutil
import subprocess
import sys
import sysconfig
from functools import partial
from pathlib import Path

import pytest

from layercheck.environment.capture import capture
from layercheck.environment.capture_source import from_directory
from layercheck.environment.captured import from_document
from layercheck.linker import resolve
from linker.oracle import fresh_seed
from linker.trees import File, filesystem_of
from support.elf_writer import build_elf
from support.root_tree import CAN_ENTER, REQUIRED, copy_program, enter, write_tree

MODULES = int(os.environ.get("LAYERCHECK_TREES") or 300)
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
TAG = f"cpython-{sys.version_info.major}{sys.version_info.minor}-x86_64-linux-gnu.so"
LAMBDA_PATH = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
NO_MODULE = "dynamic module does not define module export function"
# Each module in a process of its own, forked from one that has imported nothing of the kind: ctypes would bring libffi.
ASK = """
import _imp, os
from importlib.machinery import ModuleSpec
answers = {}
for path in sorted(os.listdir("/opt/python")):
    if not path.endswith(".so"):
        continue
    readable, writable = os.pipe()
    if os.fork() == 0:
        try:
            _imp.create_dynamic(ModuleSpec("m", None, origin="/opt/python/" + path))
        except ImportError as error:
            os.write(writable, str(error).encode())
        os._exit(0)
    os.close(writable)
    answers[path] = os.read(readable, 4000).decode()
    os.close(readable)
    os.wait()
print(answers)
"""

pytestmark = pytest.mark.skipif(
    not CAN_ENTER and not REQUIRED, reason="root on Linux x86_64 is needed to enter another root"
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This machine's Python at Lambda's place, with the libraries of its own extension modules."""
    root = tmp_path_factory.mktemp("python")
    (root / "usr/lib64").mkdir(parents=True)
    (root / "lib64").symlink_to("usr/lib64")
    modules = [str(path) for path in Path(sysconfig.get_config_var("DESTSHARED")).glob("*.so")]
    copy_program(root, [os.path.realpath(sys.executable), *modules], at="/usr/lib64")
    place = root / f"var/lang/bin/python{VERSION}"
    place.parent.mkdir(parents=True)
    place.write_bytes(Path(os.path.realpath(sys.executable)).read_bytes())
    place.chmod(0o755)
    skipped = shutil.ignore_patterns("test", "tests", "site-packages", "__pycache__", "config-*", "idlelib", "*.a")
    shutil.copytree(sysconfig.get_paths()["stdlib"], root / f"var/lang/lib/python{VERSION}", ignore=skipped)
    return root


def layer(names: list[str], chance: random.Random) -> dict[str, File]:
    """Modules that need the system's libraries, bundled ones of the same names, and some that are nowhere."""
    bundled = [*names, "libone.so", "libtwo.so"]
    files: dict[str, File] = {}
    for name in bundled:
        for place in ("/opt/lib", "/opt/python/libs"):
            if chance.random() < 0.5:
                files[f"{place}/{name}"] = build_elf(
                    soname=chance.choice([name, "libone.so"]),
                    verdef=["V_1"] if chance.random() < 0.7 else None,
                    needed=chance.sample(bundled, 1) if chance.random() < 0.3 else [],
                )
    files["/opt/python/__init__.py"] = b"x"
    for number in range(MODULES):
        needed = chance.sample([*bundled, *(["libgone.so"] if chance.random() < 0.2 else [])], chance.randint(1, 3))
        verneed = {name: [chance.choice(["V_1", "V_2", "GLIBC_2.2.5"])] for name in needed if chance.random() < 0.3}
        path = chance.choice([None, "$ORIGIN/libs", "/opt/lib", "/nowhere:$ORIGIN/libs"])
        rpath, runpath = (path, None) if chance.random() < 0.5 else (None, path)
        files[f"/opt/python/m{number:04}.{TAG}"] = build_elf(
            needed=needed, verneed=verneed, rpath=rpath, runpath=runpath
        )
    return files


def test_modules_open_as_in_the_real_interpreter(root: Path) -> None:
    seed = fresh_seed()
    environment = from_document(capture(from_directory(str(root)), library_path=LAMBDA_PATH))
    program = next(path for path in environment.interpreters if path.startswith("/var/lang/bin/"))
    loaded = [name for name in environment.interpreters[program].needed if not name.startswith(("libc.", "ld-"))]
    files = layer([*loaded, "libz.so.1", "libffi.so.8"], random.Random(seed))
    write_tree(root, {path: file for path, file in files.items() if isinstance(file, (bytes, str))})
    answers = real_answers(root)
    ours = {load.path.rpartition("/")[2]: load.status for load in resolve(filesystem_of(files, environment)).loads}
    different = {
        name: (ours.get(name), answer)
        for name, answer in answers.items()
        if (ours.get(name) == "loads") != answer.startswith(NO_MODULE)
    }
    assert different == {}
    assert len(answers) == MODULES
    assert 0 < sum(answer.startswith(NO_MODULE) for answer in answers.values()) < MODULES


def real_answers(root: Path) -> dict[str, str]:
    done = subprocess.run(
        [f"/var/lang/bin/python{VERSION}", "-c", ASK],
        env={"LD_LIBRARY_PATH": LAMBDA_PATH, "PYTHONHOME": "/var/lang"},
        preexec_fn=partial(enter, root, "/opt"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, str] = ast.literal_eval(done.stdout)
    return answers
