"""LC301 to LC308: whether each binary is one that the target can run at all."""

from __future__ import annotations

from collections.abc import Iterator

from ..artifact import FILE
from ..elf import ElfImage, Libc, detect_libc, machine_name
from ..elf.image import EM_386, EM_ARM, EM_X86_64, MACHINES
from ..filesystem import Hit
from ..finding import Confidence, Defect, Severity
from .advice import for_any_system, is_for_elsewhere, machine_done_without, reinstall_all
from .alternatives import family, has_sibling
from .base import ArtifactView, Fault, Subject, TargetView, quote, rule
from .building import build_for, copies_for_linux, hidden_copy, without_musl

_ARCHITECTURES = "AWS Lambda developer guide, instruction set architectures"
_COMPUTERS = frozenset((EM_386, EM_ARM, *MACHINES.values()))
"""Machines that people build Linux programs for; an ELF file for another is firmware, unless its name says library."""
_OBJECTS = (".o", ".a", ".ko", ".bpf", ".debug")
_TEST_PARTS = frozenset(("test", "tests", "testing", "testdata", "test_data", "fixtures"))


def is_data(path: str) -> bool:
    """An object file, or a sample that a package keeps for its own tests: nothing loads it."""
    if path.endswith(_OBJECTS):
        return True
    parts = path.split("/")
    return not _TEST_PARTS.isdisjoint(parts[:-1]) and ".cpython-" not in parts[-1] and ".abi3." not in parts[-1]


def fits(view: TargetView, image: object) -> bool:
    """Whether an image is for the target's machine and C library."""
    return (
        isinstance(image, ElfImage)
        and image.machine == MACHINES[view.environment.architecture]
        and image.bits == 64
        and detect_libc(image).kind not in ("musl", "bionic")
    )


def npm_package(path: str) -> str:
    """The directory of the npm package that a file below node_modules belongs to."""
    start = path.rfind("node_modules/") + 13
    parts = path[start:].split("/")
    return path[:start] + "/".join(parts[: 2 if parts[0].startswith("@") else 1])


def fitting_families(view: TargetView, subject: Subject) -> set[str]:
    """The families of files of which one build fits the target."""
    fitting = [path for path, fact in view.facts(subject) if fits(view, fact.elf)]
    # An addon that was built on installation makes all prebuilt ones of its package weight.
    built = {
        npm_package(path) + "/prebuilds/*" for path in fitting if path.endswith(".node") and "node_modules/" in path
    }
    return {family(path) for path in fitting} | built


@rule(
    "LC301",
    "wrong-architecture",
    Severity.ERROR,
    "target",
    what="An ELF file is built for another processor, or another word size, than the target's.",
    why="The loader passes over it ('cannot open shared object file: No such file or directory', though it is there), "
    "and a program ends with 'exec format error'.",
    fix="Install the packages for the target's architecture, or change the architecture of the function.",
    example="numpy/_core/_multiarray_umath.cpython-312-x86_64-linux-gnu.so on arm64",
    sources=(_ARCHITECTURES, "https://github.com/RenovoSolutions/cdk-library-certbot/issues/913"),
)
def WRONG_ARCHITECTURE(view: TargetView) -> Iterator[Fault]:
    architecture = view.environment.architecture
    wanted = MACHINES[architecture]
    for subject in view.stack.subjects:
        found: dict[str, ElfImage] = {}
        for path, fact in view.facts(subject):
            image = fact.elf
            if not isinstance(image, ElfImage) or (image.machine == wanted and image.bits == 64):
                continue
            if image.type in (2, 3) and not is_data(path) and (image.machine in _COMPUTERS or _is_linux_place(path)):
                found[path] = image
        fitting = fitting_families(view, subject) if found else set()
        found = {path: image for path, image in found.items() if family(path) not in fitting}
        fixes = reinstall_all(view, subject, found)
        without = machine_done_without(view, subject, found)
        for path, image in found.items():
            built = machine_name(image.machine, image.bits)
            optional = without.get(path, "")
            yield Fault(
                f"built for {built}, the target is {architecture}: it cannot load or start there" + optional,
                subject,
                path,
                fixes.get(path) or build_for(view, path, image),
                Severity.WARNING if optional else None,
                Confidence.LIKELY if optional else None,
                {"machine": built, "e_machine": image.machine, "bits": image.bits},
            )


def _is_linux_place(path: str) -> bool:
    """Whether code for Linux is expected under this name."""
    name = path[path.rfind("/") + 1 :]
    return (
        path == "bootstrap"
        or name.endswith((".so", ".node"))
        or ".so." in name
        or path.startswith(("bin/", "extensions/"))
        or "." not in name
    )


@rule(
    "LC302",
    "foreign-binary",
    Severity.ERROR,
    "target",
    what="A Mach-O (macOS) or native PE (Windows) file where Linux code must be.",
    why="'invalid ELF header', 'exec format error', or just 'cannot import name …': the packages were installed on a "
    "Mac or on Windows and zipped as they were.",
    fix="Install the packages for Linux.",
    example="_psycopg.cpython-312-darwin.so is Mach-O arm64",
    sources=(
        "https://github.com/pytogo/portforward/issues/29",
        "https://github.com/WiseLibs/better-sqlite3/issues/343",
    ),
)
def FOREIGN_BINARY(view: TargetView) -> Iterator[Fault]:
    for subject in view.stack.subjects:
        facts = dict(view.facts(subject))
        foreign = {p: f.foreign for p, f in facts.items() if f.foreign is not None and not f.foreign.managed}
        if not foreign:
            continue
        fitting = {family(path) for path, fact in facts.items() if isinstance(fact.elf, ElfImage)}
        fitting |= fitting_families(view, subject)
        at_fault = {
            path: binary
            for path, binary in foreign.items()
            if (_is_linux_place(path) or path.endswith(".pyd"))
            and not is_data(path)
            and not is_for_elsewhere(subject, path)
            and family(path) not in fitting
            and not ("node_modules/" in path and has_sibling(path, fitting))
        }
        fixes = reinstall_all(view, subject, at_fault)
        copies = copies_for_linux(view, subject) if at_fault else {}
        for path, binary in at_fault.items():
            system = {"Mach-O": "macOS", "PE": "Windows"}[binary.format]
            extra = for_any_system(subject, path)
            yield Fault(
                f"a {binary.format} file ({system}, {', '.join(binary.architectures)}) where Linux needs ELF: "
                "invalid ELF header" + extra,
                subject,
                path,
                hidden_copy(copies, path) + (fixes.get(path) or build_for(view, path)),
                Severity.WARNING if extra else None,
                Confidence.LIKELY if extra else None,
                {"format": binary.format, "architectures": list(binary.architectures)},
            )


@rule(
    "LC303",
    "damaged-elf",
    Severity.ERROR,
    "artifact",
    what="An ELF file that is cut off or has impossible headers, or something else named as an extension module is.",
    why="'file too short', 'invalid ELF header', 'cannot read file data'.",
    fix="Fetch or build it again; compare its size with the one that its package lists.",
    example="a segment ends 8192 bytes beyond the end of the file",
    sources=("https://github.com/serverless/serverless-python-requirements/issues/345",),
)
def DAMAGED_ELF(view: ArtifactView) -> Iterator[Fault]:
    fix = "Install its package again, without strip, git filters or text conversion on the way."
    facts = view.subject.artifact.facts
    for path, fact in facts.items():
        if is_data(path):
            continue
        if isinstance(fact.elf, Defect) and fact.elf.kind == "unread":
            continue
        if isinstance(fact.elf, Defect):
            yield Fault(f"says that it is ELF and cannot be read: {fact.elf.detail}", view.subject, path, fix)
        elif fact.elf is not None:
            for defect in fact.elf.defects:
                if defect.kind != "misaligned-segment":
                    certain = defect.kind in ("truncated", "unreadable-dynamic")
                    yield Fault(
                        f"damaged: {defect.detail}",
                        view.subject,
                        path,
                        fix,
                        None if certain else Severity.WARNING,
                        details={"kind": defect.kind},
                    )
                    break
    for entry in view.subject.artifact.entries:
        if entry.kind != FILE or not entry.path.endswith((".node", "-linux-gnu.so", ".abi3.so")) or entry.size < 0:
            continue
        known = facts.get(entry.path)
        if known is None or (known.elf is None and known.foreign is None and known.text is None):
            what = "empty (0 bytes): file too short" if not entry.size else "not an ELF file: invalid ELF header"
            yield Fault(f"an extension module by its name, but {what}", view.subject, entry.path, fix)
        elif known.text is not None and ".so" not in known.text:
            yield Fault(f"text ({known.text[:40]!r}), where an extension module must be", view.subject, entry.path, fix)


@rule(
    "LC304",
    "misaligned-segment",
    Severity.ERROR,
    "artifact",
    what="A PT_LOAD segment whose file offset and address do not agree modulo its alignment.",
    why="'ELF load command address/offset not properly aligned': strip after patchelf or auditwheel breaks files so.",
    fix="Do not strip what comes out of wheels.",
    example="libgfortran-040039e1.so.5.0.0 after strip",
    sources=("https://github.com/tobilg/python-lambda-layer-builder/pull/2", "System V gABI, program header p_align"),
)
def MISALIGNED_SEGMENT(view: ArtifactView) -> Iterator[Fault]:
    for path, fact in view.subject.artifact.facts.items():
        image = fact.elf
        if not isinstance(image, ElfImage) or is_data(path):
            continue
        for defect in image.defects:
            if defect.kind == "misaligned-segment":
                yield Fault(
                    f"{defect.detail}: the loader refuses it (ELF load command address/offset not properly aligned)",
                    view.subject,
                    path,
                    "Install its package again and do not run strip on it: wheels repaired by auditwheel break.",
                )
                break


@rule(
    "LC305",
    "musl-linked",
    Severity.ERROR,
    "target",
    what="Dynamic code for musl (Alpine Linux) on a glibc runtime.",
    why="Every Lambda runtime has glibc. musl's loader and libc.musl are not there: 'no such file or directory' for a "
    "program, 'libc.musl-x86_64.so.1: cannot open shared object file' for a library.",
    fix="Install the manylinux build, or link statically.",
    example="_rust.abi3.so needs libc.musl-x86_64.so.1",
    sources=(
        "https://github.com/pyca/cryptography/issues/5845",
        "https://github.com/aws/aws-lambda-go/issues/333",
    ),
)
def MUSL_LINKED(view: TargetView) -> Iterator[Fault]:
    served = _loaded_by_own_musl(view)
    for subject in view.stack.subjects:
        found: dict[str, Libc] = {}
        for path, fact in view.facts(subject):
            image = fact.elf
            if not isinstance(image, ElfImage) or image.machine != MACHINES[view.environment.architecture]:
                continue
            if is_data(path) or subject.where(path) in served:
                continue
            libc = detect_libc(image)
            if libc.kind in ("musl", "bionic") and not _brings_loader(view, image):
                found[path] = libc
        fitting = fitting_families(view, subject) if found else set()
        at_fault = [p for p in found if family(p) not in fitting and not _bundled_beside(view, subject, p)]
        fixes = reinstall_all(view, subject, at_fault)
        for path in at_fault:
            libc = found[path]
            system = "Alpine Linux" if libc.kind == "musl" else "Android"
            yield Fault(
                f"linked against {libc.kind} ({libc.evidence}), made for {system}: Lambda's runtimes have glibc, "
                "so it cannot load",
                subject,
                path,
                fixes.get(path) or without_musl(view, path),
                details={"libc": libc.kind, "evidence": libc.evidence},
            )


def _brings_loader(view: TargetView, image: ElfImage) -> bool:
    return image.interp is not None and isinstance(view.filesystem.lookup(image.interp), Hit)


def _loaded_by_own_musl(view: TargetView) -> set[str]:
    """The files that programs with a musl loader of their own load: they are for musl and rightly so."""
    nodes = view.filesystem.overlay.nodes
    served: set[str] = set()
    for load in view.resolution.loads:
        node = nodes.get(load.path)
        image = node.facts.elf if node is not None and node.facts is not None else None
        if isinstance(image, ElfImage) and _brings_loader(view, image) and detect_libc(image).kind == "musl":
            served.update([item.real for item in load.objects])
    return served


def _bundled_beside(view: TargetView, subject: Subject, path: str) -> bool:
    """A library that only comes with a musl build which is itself an unused alternative."""
    package = subject.packages.owner(path)
    if package is None or "musl" not in package.name:
        return False
    others = {family(p) for p, f in view.facts(subject) if fits(view, f.elf)}
    stem = family(path).split("*")[0]
    return any(name.startswith(stem) for name in others)


@rule(
    "LC306",
    "missing-interpreter",
    Severity.ERROR,
    "target",
    what="A program names a dynamic loader (PT_INTERP) that the environment does not have.",
    why="'fork/exec /var/task/bootstrap: no such file or directory': the file is there, its loader is not.",
    fix="Build on a system like the runtime's, or link statically.",
    example="bootstrap asks for /nix/store/…/ld-linux-x86-64.so.2",
    sources=("https://github.com/aws/aws-lambda-rust-runtime/issues/391",),
)
def MISSING_INTERPRETER(view: TargetView) -> Iterator[Fault]:
    for subject in view.stack.subjects:
        for path, fact in view.facts(subject):
            image = fact.elf
            if not isinstance(image, ElfImage) or not fits(view, image) or image.interp is None:
                continue
            if ".so" in path.rsplit("/", 1)[-1] or isinstance(view.filesystem.lookup(image.interp), Hit):
                continue
            yield Fault(
                f"asks for the loader {image.interp}, which Lambda does not have: no such file or directory",
                subject,
                path,
                f"Set the standard loader, or link statically:\n"
                f"patchelf --set-interpreter {view.environment.loader.path} {quote(path)}",
                details={"interpreter": image.interp},
            )


@rule(
    "LC307",
    "cpu-level-too-high",
    Severity.WARNING,
    "target",
    what="A file says in its own notes that it needs a newer processor than Lambda promises.",
    why="Lambda documents AVX2 (x86-64-v3). Code for x86-64-v4 ends with SIGILL on machines without AVX-512; newer "
    "loaders refuse it at once.",
    fix="Compile with -march=x86-64-v3 at most.",
    example="libfast.so needs x86-64-v4",
    sources=(
        "x86-64 psABI, GNU_PROPERTY_X86_ISA_1_NEEDED",
        "https://github.com/penkow/llama-lambda/issues/1",
    ),
)
def CPU_LEVEL_TOO_HIGH(view: TargetView) -> Iterator[Fault]:
    if view.environment.architecture != "x86_64":
        return
    for subject in view.stack.subjects:
        for path, fact in view.facts(subject):
            image = fact.elf
            if isinstance(image, ElfImage) and image.machine == EM_X86_64 and image.isa_needed & 8:
                yield Fault(
                    "needs x86-64-v4 (AVX-512) by its own notes; Lambda promises AVX2, which is x86-64-v3",
                    subject,
                    path,
                    "Compile with -march=x86-64-v3.",
                    confidence=Confidence.LIKELY,
                    details={"isa_needed": image.isa_needed},
                )


@rule(
    "LC308",
    "executable-stack",
    Severity.INFO,
    "artifact",
    what="A library asks for an executable stack.",
    why="glibc 2.41 and newer refuse to dlopen it; Lambda's glibc 2.26 and 2.34 still take it.",
    fix="Link with -z noexecstack, or clear the flag: patchelf --clear-execstack.",
    example="libonnxruntime.so has PT_GNU_STACK rwx",
    sources=("glibc 2.41 release notes, dlopen and executable stacks",),
)
def EXECUTABLE_STACK(view: ArtifactView) -> Iterator[Fault]:
    for path, fact in view.subject.artifact.facts.items():
        image = fact.elf
        if isinstance(image, ElfImage) and image.gnu_stack is not None and "x" in image.gnu_stack:
            yield Fault(
                "asks for an executable stack; today's Lambda takes it, glibc 2.41 and newer refuse it",
                view.subject,
                path,
                f"patchelf --clear-execstack {quote(path)}",
            )


RULES = (
    WRONG_ARCHITECTURE,
    FOREIGN_BINARY,
    DAMAGED_ELF,
    MISALIGNED_SEGMENT,
    MUSL_LINKED,
    MISSING_INTERPRETER,
    CPU_LEVEL_TOO_HIGH,
    EXECUTABLE_STACK,
)
