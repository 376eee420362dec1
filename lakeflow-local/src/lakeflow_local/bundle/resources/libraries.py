"""Tells local files from packages and remote paths among dependencies."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# Flags of pip whose argument may be a file of the bundle.
PIP_FLAGS = ("-r", "-e")
_FLAG = re.compile(r"(^|\s+)--?[a-zA-Z0-9-]+(([\s|=]+)|$)")
_VERSION = r"(\d+!)?\d+(\.\d+)*([-_.]?(a|b|rc)\d+)?([-_.]?post\d+)?([-_.]?dev\d+)?(\+[a-zA-Z0-9]+([-_.][a-zA-Z0-9]+)*)?"
_PACKAGE = re.compile(rf"[a-zA-Z0-9\-_]+\s?(\[.*\])?\s?((==|!=|<=|>=|~=|>|<)\s?{_VERSION},?)*")


def is_local_path(text: str) -> bool:
    """Whether a path lies in the bundle: it is relative and has no scheme (`dbfs:/`, `s3:/`, `file://`)."""
    path = text.strip("\"'")
    return not (path.startswith("file://") or _is_remote(path) or path.startswith("/"))


def is_local_library(dependency: str) -> bool:
    """Whether a dependency is a file of the bundle rather than a package, an option or a remote file."""
    if not dependency:
        return False
    if dependency.startswith("."):
        return True
    return not (_FLAG.search(dependency) or _is_package(dependency)) and is_local_path(dependency)


def local_path_in_flag(dependency: str) -> tuple[str, str] | None:
    """Flag and path of a dependency such as `-r requirements.txt`, if the path lies in the bundle."""
    for flag in PIP_FLAGS:
        if dependency.startswith(f"{flag} "):
            path = dependency[len(flag) + 1 :].strip()
            return (flag, path) if is_local_path(path) else None
    return None


def has_scheme(path: str) -> bool:
    """Whether a path is a URL."""
    try:
        return bool(urlsplit(path).scheme)
    except ValueError:
        return False


def _is_package(text: str) -> bool:
    if _PACKAGE.fullmatch(text):
        return True
    name, _, source = text.partition(" @ ")
    return bool(source) and _PACKAGE.fullmatch(name) is not None and _is_remote(source)


def _is_remote(path: str) -> bool:
    try:
        scheme = urlsplit(path).scheme
    except ValueError:
        return False
    return bool(scheme) and scheme != "file" and path.startswith(f"{scheme}:/")
