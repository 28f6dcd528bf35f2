"""What PHP's own files tell: the extensions that an .ini file loads, and the API that a binary is built for."""

from __future__ import annotations

import re

from ..elf.reader import Ranges, whole
from .entry import Php, PhpExtension
from .inflate import MAX_WHOLE

MAX_INI = 1 << 20
"""Bytes of an .ini file that are read; PHP's own template takes 70 KB."""
MAX_EXTENSIONS = 500
# Patterns are compiled when first used: few artifacts hold PHP, and every run would pay for it at its start.
_IS_INI = r"(?:^|/)(?:conf\.d/[^/]+|php[^/]*/[^/]+|php[^/]*)\.ini$"
_IS_PROGRAM = r"(?:^|/)(?:php(?:-fpm|-cgi|-cli)?[\d.-]*|libphp[\d.]*\.so)$"
_IN_PHP = r"(?:^|/)[^/]*(?:php|bref)[^/]*/"
_EXTENSION_PLACE = r"(?:^|/)(?:extensions|modules|ext)/"
_SETTING = rb"(?m)^[ \t]*(zend_extension|extension|extension_dir)[ \t]*=[ \t]*([^\r\n;]*)"
_API = rb"API[1-9]?(20\d{6},N?TS(?:,debug)?)\0"
"""ZEND_MODULE_BUILD_ID; zend_extension's has one more digit in front (Zend/zend_extensions.h)."""
_COMPILED_DIR = rb"\0(/[\x21-\x7e]{1,200}/extensions/(?:no-)?debug-(?:non-)?zts-\d{8})/?\0"


def is_php_ini(path: str) -> bool:
    """Whether PHP may read this .ini file: it is called php, or lies in PHP's directories or in a conf.d."""
    return re.search(_IS_INI, path) is not None


def is_php_binary(path: str) -> bool:
    """Whether an ELF file is PHP itself or may be an extension of it, by its path."""
    patterns = (_IS_PROGRAM,) if not path.endswith(".so") else (_IN_PHP, _IS_PROGRAM, _EXTENSION_PLACE)
    words = ("php", "bref", "extensions/", "modules/", "ext/")
    return any(word in path for word in words) and any(re.search(pattern, path) for pattern in patterns)


def read_ini(data: bytes) -> Php | None:
    """The extensions that an .ini file loads, and its extension_dir; None when it sets neither.

    Comments run from ``;`` to the end of the line, values may be quoted (PHP manual, parse_ini_string).
    """
    extensions: list[PhpExtension] = []
    directory = None
    line, counted = 1, 0
    data = data[:MAX_INI]
    for match in re.finditer(_SETTING, data):
        name, value = match[1].decode(), match[2].decode("utf-8", "surrogateescape").strip().strip("\"'")
        if not value or "\0" in value:
            continue
        if name == "extension_dir":
            directory = value
        elif len(extensions) < MAX_EXTENSIONS:
            line += data.count(b"\n", counted, match.start(1))
            counted = match.start(1)
            extensions.append(PhpExtension(name, value, line))
    return Php(tuple(extensions), directory) if extensions or directory else None


def read_binary(data: bytes, ranges: Ranges | None = None) -> Php | None:
    """The API that PHP, or an extension of it, is built for, and the directory of extensions compiled into PHP.

    ZEND_MODULE_BUILD_ID and PHP_EXTENSION_DIR (Zend/zend_modules.h, main/build-defs.h) stand in both as texts.
    """
    if ranges is not None:
        if ranges.size > MAX_WHOLE:
            return None
        data = whole(ranges)
    start = data.find(b"API")
    api = re.compile(_API).search(data, start) if start >= 0 else None
    if api is None:
        return None
    directory = re.search(_COMPILED_DIR, data)
    return Php((), directory[1].decode("ascii") if directory else None, api[1].decode("ascii"))
