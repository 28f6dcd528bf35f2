"""Real artifacts against real loaders and pyelftools: every ELF file of each, in every environment that fits it.

Each artifact is unpacked to /opt of a root, and what the real loader traces there is compared with what layercheck says
of the zip. A trace runs no code, so the Python that a wheel is for need not be there.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from layercheck import check
from layercheck.artifact import Artifact, open_artifact
from layercheck.elf import ElfImage, read_elf
from layercheck.elf.image import MACHINES
from layercheck.environment.model import Environment
from layercheck.filesystem import OPT, Filesystem, Mount, Overlay
from layercheck.linker import GlibcLoader, Load, resolve, split_library_path
from linker.oracle import REQUIRED
from linker.real_glibc import ARM64, X86_64, Answer, RealLoader, our_answer, real_answer
from real.npm import PACKAGES, unpack_packages
from real.systems import System, cross_system, lambda_system, machine_system
from real.wheels import fresh_layer, unpacked
from support.elf_oracle import elf_facts, facts_of
from support.zip_writer import STORED, Member, build_zip

pytestmark = [pytest.mark.slow, pytest.mark.registry]

WHEELS = (
    "numpy", "scipy", "pillow", "opencv", "opencv headless", "pyarrow", "lxml", "psycopg2", "pyodbc", "grpcio",
    "cryptography", "numpy arm64", "scipy arm64", "pillow arm64", "opencv arm64", "opencv headless arm64",
    "pyarrow arm64", "lxml arm64", "psycopg2 arm64", "pyodbc arm64", "grpcio arm64", "torch arm64", "node",
)  # fmt: skip
RUNTIMES = {False: ("python3.12", "python3.11"), True: ("nodejs22.x", "nodejs18.x")}
"""By whether the artifact is for Node.js: one on Amazon Linux 2023, one on Amazon Linux 2."""
SystemMaker: TypeAlias = Callable[[str, str], System]
LOADING_RULES = frozenset(("LC401", "LC402", "LC404", "LC405"))


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> SystemMaker:
    """Makes the system of a name and an architecture, once."""
    made: dict[tuple[str, str], System] = {}

    def make(name: str, architecture: str) -> System:
        key = (name, architecture)
        if key not in made:
            root = tmp_path_factory.mktemp("system") / "root"
            root.mkdir()
            loader = X86_64 if architecture == "x86_64" else ARM64
            assert loader.is_here, loader.install
            if name == "machine":
                made[key] = machine_system(root) if loader is X86_64 else cross_system(root)
            else:
                made[key] = lambda_system(root, name, loader)
        return made[key]

    return make


def artifact_of(name: str, folder: Path) -> Artifact:
    """Unpack the artifact into ``folder``, and open its zip."""
    if name not in PACKAGES:
        unpacked(folder, name)
        return open_artifact(fresh_layer(name), name=name)
    unpack_packages(folder, name)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    members = [
        Member(str(path.relative_to(folder)), path.read_bytes(), path.stat().st_mode & 0o777, method=STORED)
        for path in files
    ]
    return open_artifact(build_zip(members), name=name)


def compare_elf_files(artifact: Artifact, folder: Path) -> Counter[int]:
    """pyelftools and the reader on every ELF file, read whole and as the artifact read it; counts by machine."""
    counts: Counter[int] = Counter()
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        with open(path, "rb") as file:
            is_elf = file.read(4) == b"\x7fELF"
        name = str(path.relative_to(folder))
        facts = artifact.facts.get(name)
        assert is_elf == (facts is not None and facts.elf is not None and isinstance(facts.elf, ElfImage)), name
        if not is_elf or facts is None:
            continue
        raw = path.read_bytes()
        expected = elf_facts(raw)
        for image in (read_elf(raw), facts.elf):
            assert isinstance(image, ElfImage), (name, image)
            assert facts_of(image) == expected, name
        counts[expected["machine"]] += 1
    return counts


def roots(artifact: Artifact, architecture: str) -> Iterator[str]:
    """Every ELF file that the loader of an architecture can be given, not only what something surely opens."""
    for name, facts in artifact.facts.items():
        image = facts.elf
        if isinstance(image, ElfImage) and image.machine == MACHINES[architecture] and image.type in (2, 3):
            yield f"{OPT}/{name}"


def unknown_as_unversioned(load: Load) -> Load:
    """Of a library without known nodes there is a file that defines none: the real loader remarks on it instead."""
    unknown = tuple(dict.fromkeys((fact.path, fact.required_by) for fact in load.unverified))
    return load._replace(unversioned=(*load.unversioned, *unknown))


def asked(system: System, loader: GlibcLoader, paths: Iterable[str], library_path: str) -> dict[str, Answer]:
    """Ask the real loader about each file; its answers, which must be ours."""
    answers: dict[str, Answer] = {}
    wrong = []
    for path in paths:
        done = system.trace(path, library_path)
        answers[path] = real_answer(done, system.loader)
        ours = our_answer(unknown_as_unversioned(loader.load_program(path)))
        if ours != answers[path]:
            wrong.append(f"{path}\n  ours {ours}\n  real {answers[path]}\n  {done.stderr[:500]}")
    where = f"{system.name}, LD_LIBRARY_PATH={library_path}"
    assert not wrong, f"{where}: {len(wrong)} of {len(answers)} differ\n" + "\n".join(wrong[:5])
    return answers


def compare(system: System, artifact: Artifact, library_path: str) -> tuple[int, int]:
    """Every root, and what layercheck judges with them; (roots, those of them that load)."""
    environment = system.environment.with_library_path(split_library_path(library_path))
    filesystem = Filesystem(Overlay([Mount(artifact, OPT)]), environment)
    loader = GlibcLoader(filesystem, cpu_level=system.machine.cpu_level)
    answers = asked(system, loader, roots(artifact, environment.architecture), library_path)
    resolution = resolve(filesystem)
    for load in resolution.loads:
        assert (load.status != "fails") == answers[load.path].loads, f"{load.path} on {system.name} is {load.status}"
    compare_report(artifact, environment, {load.path for load in resolution.loads if not answers[load.path].loads})
    return len(answers), sum(answer.loads for answer in answers.values())


def compare_report(artifact: Artifact, environment: Environment, failing: set[str]) -> None:
    """The report names the roots that the real loader cannot load, each of them, and no others."""
    report = check(artifact, environment=environment, kind="layer")
    named: set[str] = set()
    for finding in report.findings:
        if finding.rule in LOADING_RULES:
            named |= {f"{OPT}/{finding.path}", *finding.details.get("roots", ())}
    assert named == failing, f"{artifact.name} on {environment.name}: {sorted(named ^ failing)}"


def skipped_without(loader: RealLoader) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not loader.is_here and not REQUIRED, reason=f"no loader to ask: {loader.install}")


@skipped_without(X86_64)
@skipped_without(ARM64)
@pytest.mark.parametrize("name", [*WHEELS, *PACKAGES])
def test_a_real_artifact_loads_as_the_real_loader_loads_it(name: str, system: SystemMaker, tmp_path: Path) -> None:
    architecture = "arm64" if name.endswith("arm64") else "x86_64"
    opt = tmp_path / "opt"
    with artifact_of(name, opt) as artifact:
        read = compare_elf_files(artifact, opt)
        assert read[MACHINES[architecture]] > 0
        told = [f"{name}: {read.total()} ELF files as pyelftools reads them"]
        for kind in ("machine", *RUNTIMES[name in PACKAGES or name == "node"]):
            place = system(kind, architecture)
            mount = place.root / "opt"
            mount.rmdir()
            opt.rename(mount)
            try:
                for library_path in place.library_paths:
                    count, loading = compare(place, artifact, library_path)
                    told.append(f"{kind}{' as in Lambda' if library_path else ''}: {loading} of {count} roots load")
            finally:
                mount.rename(opt)
                mount.mkdir()
    shutil.rmtree(opt)
    print("; ".join(told))


@skipped_without(X86_64)
def test_programs_and_libraries_of_this_machine_load_as_its_loader_loads_them(system: SystemMaker) -> None:
    place = system("machine", "x86_64")
    files = place.environment.files
    libraries = [path for path, file in files.items() if isinstance(file, ElfImage) and file.type == 3]
    # All programs, and of the libraries as many as take a second or two.
    paths = [*place.environment.programs, *libraries[:: max(1, len(libraries) // 150)]]
    for library_path in place.library_paths:
        loader = GlibcLoader(
            Filesystem(Overlay([]), place.environment.with_library_path(split_library_path(library_path))),
            cpu_level=place.machine.cpu_level,
        )
        answers = asked(place, loader, paths, library_path)
        print(f"{sum(answer.loads for answer in answers.values())} of {len(answers)} files of this machine load")
