"""Layers with one fault each, and near misses: what is told about them, and whether they can be imported."""

from __future__ import annotations

from typing import NamedTuple

from real import breaking as b
from real.import_wheels import LAYERS


class Case(NamedTuple):
    """A layer with one fault: the rule that must tell it, where (a part of the path) and how severely.

    ``steps``: what is imported, besides what the layer shows at its top. ``imports``: whether that works all the same.
    """

    name: str
    layer: tuple[str, ...]
    change: b.Change
    rule: str
    path: str = ""
    severity: str = "error"
    steps: tuple[str, ...] = ()
    imports: bool = False


def case(
    name: str,
    layer: str,
    change: b.Change,
    rule: str,
    path: str = "",
    severity: str = "error",
    steps: tuple[str, ...] = (),
    imports: bool = False,
) -> Case:
    return Case(name, LAYERS.get(layer) or tuple(layer.split("+")), change, rule, path, severity, steps, imports)


BROKEN = [
    # Built for another Python.
    case("pydantic-core of 3.12", "pydantic", b.tagged("core", ".cpython-312-x86_64-linux-gnu.so"), "LC501", "_core"),
    case("orjson of 3.13", "orjson", b.tagged("orjson", ".cpython-313-x86_64-linux-gnu.so"), "LC501", "orjson"),
    case("numpy of 3.10", "numpy", b.tagged("numpy", ".cpython-310-x86_64-linux-gnu.so"), "LC501", "_multiarray_umath"),
    case("a name for arm64", "lxml", b.tagged("/etree", ".cpython-311-aarch64-linux-gnu.so"), "LC501", "etree"),
    case("cffi of PyPy", "cryptography", b.tagged("_cffi", ".pypy311-pp73-x86_64-linux-gnu.so"), "LC501", "_cffi"),
    case("regex without the GIL", "regex", b.tagged("_regex", ".cpython-313t-x86_64-linux-gnu.so"), "LC501", "_regex"),
    case("bcrypt of 3.9", "bcrypt", b.tagged("_bcrypt", ".cpython-39-x86_64-linux-gnu.so"), "LC501", "_bcrypt"),
    # Built for another machine or system.
    case("orjson for arm64", "orjson", b.altered(b.EXTENSION, b.for_arm64), "LC301", "orjson"),
    case("pydantic-core of 32 bits", "pydantic", b.altered(b.EXTENSION, b.for_32_bits), "LC301", "_core"),
    case("numpy's libraries for arm64", "numpy", b.altered(r"numpy\.libs/", b.for_arm64), "LC301", "numpy.libs"),
    case("orjson from a Mac", "orjson", b.altered(b.EXTENSION, b.of_wheel("markupsafe macOS", ".so")), "LC302"),
    case("ujson from Windows", "ujson",
         b.both(b.altered("^python/ujson", b.of_wheel("markupsafe Windows", ".pyd")),
                b.tagged("^python/ujson", ".cp311-win_amd64.pyd")),
         "LC302", "ujson", steps=("ujson",)),
    # Libraries.
    case("numpy without its libraries", "numpy", b.without(r"numpy\.libs/"), "LC401", "numpy/"),
    case("Pillow without one of them", "pillow", b.without(r"pillow\.libs/libjpeg"),
         "LC401", "PIL/", steps=("PIL._imaging",)),
    case("psycopg2's put elsewhere", "psycopg2", b.moved(r"python/psycopg2_binary\.libs/", "python/lib/"),
         "LC404", "psycopg2/"),
    case("libpq as a flattened link", "psycopg2", b.altered("libpq-", b.text("libpq.so.5.17")), "LC012", "libpq-"),
    case("an empty library", "numpy", b.altered("openblas", b.emptied), "LC405", "numpy/"),
    case("a library nobody has", "ujson", b.altered(b.EXTENSION, b.renamed(b"libstdc++.so.6", b"libstdd++.so.6")),
         "LC401", "ujson"),
    case("a newer C library", "orjson", b.altered(b.EXTENSION, b.renamed(b"GLIBC_2.14", b"GLIBC_2.94")),
         "LC402", "orjson"),
    case("a symbol nobody has", "regex", b.altered(b.EXTENSION, b.renamed(b"PyList_New", b"PyList_Nex")),
         "LC406", "_regex", "warning"),
    # Python opens the compiled file, and never turns to the source beside it when that fails.
    case("a compiled module with source beside it", "requests",
         b.altered(r"charset_normalizer/md\.cpython", b.renamed(b"libpthread.so.0", b"libpthreax.so.0")),
         "LC401", "charset_normalizer/md"),
    case("a compiled module for arm64 with source beside it", "requests",
         b.altered(r"charset_normalizer/md\.cpython", b.for_arm64), "LC301", "charset_normalizer/md"),
    case("lxml's builder without the C library it wants", "lxml",
         b.altered(r"lxml/builder\.cpython", b.renamed(b"libpthread.so.0", b"libpthreax.so.0")),
         "LC401", "lxml/builder"),
    # Damaged.
    case("half a module", "orjson", b.altered(b.EXTENSION, b.halved), "LC303", "orjson"),
    case("a pointer of Git LFS", "regex", b.altered(b.EXTENSION, b.pointer), "LC303", "_regex"),
    case("a segment out of place", "orjson", b.altered(b.EXTENSION, b.shifted), "LC304", "orjson"),
    case("a link to the build machine", "orjson", b.linked(b.EXTENSION, "/build/orjson.so"), "LC011", "orjson"),
    # Files that are gone.
    case("requests without models", "requests", b.without("requests/models.py"), "LC503", "requests"),
    case("jinja2 without its lexer", "jinja2", b.without("jinja2/lexer.py"), "LC503", "jinja2"),
    case("orjson without its module", "orjson", b.without(b.EXTENSION), "LC503", "orjson"),
    case("pydantic without main", "pydantic", b.without("pydantic/main.py"), "LC503", "pydantic", "warning",
         steps=("pydantic:BaseModel",)),
    case("pandas without nattype", "pandas", b.without(r"tslibs/nattype\."), "LC503", "pandas"),
    case("sqlalchemy without an engine", "sqlalchemy", b.without("sqlalchemy/engine/"), "LC503", "sqlalchemy"),
    case("flask without app", "flask", b.without("flask/app.py"), "LC503", "flask"),
    case("lxml without etree", "lxml", b.without("lxml/etree.*so"), "LC503", "lxml", "warning"),
    case("yaml itself forgotten", "pyyaml", b.without("python/yaml/"), "LC503", "yaml", steps=("yaml",)),
    # Requirements that are not there, or not in that version.
    case("requests without idna", "requests", b.without("python/idna"), "LC505", "", "warning"),
    case("requests without certifi", "requests", b.without("python/certifi"), "LC505", "", "warning"),
    case("aiohttp without multidict", "aiohttp", b.without("python/multidict"), "LC505", "", "warning"),
    case("pandas without numpy", "pandas", b.without(r"python/numpy"), "LC505", "", "warning"),
    case("jinja2 without markupsafe", "jinja2", b.without("python/markupsafe"), "LC505", "", "warning"),
    case("flask without werkzeug", "flask", b.without("python/werkzeug"), "LC505", "", "warning"),
    case("httpx without idna", "httpx", b.without("python/idna"), "LC505", "", "warning"),
    case("fastapi without starlette", "fastapi", b.without("python/starlette"), "LC505", "", "warning"),
    case("sqlalchemy without typing-extensions", "sqlalchemy", b.without("typing_extensions"), "LC505", "", "warning"),
    case("cryptography without cffi", "cryptography", b.without("cffi"), "LC505", "", "warning"),
    case("jsonschema without rpds", "jsonschema", b.without("python/rpds"), "LC505", "", "warning"),
    case("pydantic without its core", "pydantic", b.without("pydantic_core"), "LC505", "", "warning"),
    case("pydantic with an old core", "pydantic",
         b.both(b.without("pydantic_core"), b.with_wheels("pydantic-core 2.33.2")), "LC505", "", "warning"),
    case("pydantic with old typing-extensions", "pydantic",
         b.both(b.without("typing_extensions"), b.with_wheels("typing-extensions 4.0.0")), "LC505", "", "warning"),
    # Metadata that code reads.
    case("jsonschema 3 without metadata", "jsonschema 3.2.0+attrs+pyrsistent", b.without("dist-info"),
         "LC504", "", "error"),
    case("humanize without metadata", "humanize", b.without("dist-info"), "LC504", "", "error"),
    case("importlib-metadata without its own", "importlib-metadata+zipp", b.without("importlib_metadata.*dist-info"),
         "LC504", "", "error"),
    # Bytecode of another release.
    case("requests compiled by 3.12", "requests", b.sourceless(r"python/requests/\w+\.py$", 3531), "LC507", "requests"),
    case("mdurl compiled by 3.10", "rich", b.sourceless(r"python/mdurl/.*\.py$", 3439), "LC507", "mdurl"),
    # The standard library's names.
    case("pydantic with the backport of typing", "pydantic", b.with_wheels("typing"), "LC508", "typing.py"),
    case("pydantic with the backport of dataclasses", "pydantic", b.with_wheels("dataclasses"),
         "LC508", "dataclasses.py"),
    case("the backport of pathlib", "jinja2", b.with_wheels("pathlib"), "LC508", "pathlib.py"),
    case("aiohttp with the old asyncio", "aiohttp", b.with_wheels("asyncio"), "LC508", "asyncio"),
    # What the standard library no longer has.
    case("attrdict", "attrdict", b.nothing, "LC509", "attrdict", "warning"),
    case("getargspec", "mdurl", b.added({"python/mdurl/__init__.py": b"from inspect import getargspec\n"}),
         "LC509", "mdurl", "warning"),
    case("binhex", "mdurl", b.added({"python/old.py": b"import binhex\n"}), "LC509", "old.py", "warning"),
    # Where things lie, and whether they can be read.
    case("no python folder", "jinja2", b.moved("^python/", ""), "LC101", steps=("jinja2",)),
    case("a folder around it", "jinja2", b.moved("^", "layer/"), "LC102", steps=("jinja2",)),
    case("site-packages of 3.12", "jinja2", b.moved("^python/", "python/lib/python3.12/site-packages/"),
         "LC103", steps=("jinja2",)),
    case("packages beside the searched folder", "jinja2", b.moved("^python/", "python/lib/site-packages/"), "LC104",
         steps=("jinja2",)),
    case("one level too deep", "jinja2", b.moved("^python/", "python/python/"), "LC102", steps=("jinja2",)),
    case("unreadable code", "requests", b.permitted("requests/__init__.py", 0o600), "LC110", "requests/__init__.py"),
    case("an unreadable module", "orjson", b.permitted(b.EXTENSION, 0o600),
         "LC110", "orjson", steps=("orjson.orjson",)),
    # What the runtime itself brings.
    case("a botocore of 2021", "botocore 1.20.0", b.nothing, "LC506", "botocore", steps=("boto3",)),
    case("a botocore of 2022", "botocore 1.29.0", b.nothing, "LC506", "botocore", steps=("boto3",)),
    case("a botocore of 2018", "botocore 1.12.0", b.nothing, "LC506", "botocore", steps=("botocore.session",)),
    case("a urllib3 of 2018", "urllib3 1.24", b.nothing, "LC506", "urllib3", steps=("botocore.httpsession",)),
]  # fmt: skip

NEAR_MISSES = [
    case("markupsafe's speedups of 3.12", "jinja2", b.tagged("_speedups", ".cpython-312-x86_64-linux-gnu.so"), "LC501"),
    case("yaml's C parser of 3.12", "pyyaml", b.tagged("yaml/_yaml", ".cpython-312-x86_64-linux-gnu.so"), "LC501"),
    case("markupsafe's speedups without a library", "jinja2",
         b.altered("_speedups.*so", b.renamed(b"libpthread.so.0", b"libpthreax.so.0")), "LC401", "markupsafe"),
    case("charset-normalizer compiled for 3.12", "requests",
         b.tagged("charset_normalizer/(md|cd)", ".cpython-312-x86_64-linux-gnu.so"), "LC501"),
    case("aiohttp's parser gone", "aiohttp", b.without("aiohttp/_http_parser"), "LC503"),
    case("numpy without its tests", "numpy", b.without("/tests/"), "LC503"),
    case("no stubs, no typing marks", "pydantic", b.without(r"\.pyi$|py\.typed$"), "LC503"),
    case("pydantic without its first version", "pydantic", b.without("pydantic/v1/"), "LC503"),
    case("certificates that are fetched elsewhere", "requests", b.without("certifi/cacert.pem"), "LC503"),
    case("no metadata where none is read", "requests", b.without("dist-info"), "LC504"),
    case("no metadata where it is read under a guard", "opentelemetry", b.without("dist-info"), "LC504",
         steps=("opentelemetry.context:get_current",)),
    case("six of the runtime", "pandas", b.without("python/six"), "LC505"),
    case("another urllib3 than the runtime's", "urllib3 2.6.3", b.nothing, "LC506", steps=("botocore.httpsession",)),
    case("urllib3 of the runtime", "requests", b.without("python/urllib3"), "LC505"),
    case("only bytecode, of 3.11", "requests", b.sourceless(r"python/requests/\w+\.py$", 3495), "LC507"),
    case("other bytecode beside its source", "jinja2",
         b.added({"python/jinja2/__pycache__/lexer.cpython-312.pyc": b"\xcb\r\r\n" + bytes(12)}), "LC507"),
    case("configparser's backport", "jinja2", b.with_wheels("configparser"), "LC508"),
    case("enum34", "jinja2", b.with_wheels("enum34"), "LC508"),
    case("a guarded import of what is gone", "jinja2",
         b.added({"python/old.py": b"try:\n    import binhex\nexcept ImportError:\n    binhex = None\n"}), "LC509"),
    case("site-packages of 3.11", "jinja2", b.moved("^python/", "python/lib/python3.11/site-packages/"), "LC103",
         steps=("jinja2",)),
    case("modules that are not executable", "orjson", b.permitted(b.EXTENSION, 0o444), "LC110"),
    case("metadata left over from an older release", "requests",
         b.added({"python/requests-2.0.0.dist-info/METADATA":
         b"Metadata-Version: 2.1\nName: requests\nVersion: 2.0.0\n"}),
         "LC510"),
]  # fmt: skip
