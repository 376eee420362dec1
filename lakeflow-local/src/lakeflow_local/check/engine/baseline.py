"""A baseline: the findings that an old bundle has already, so that only new ones are told.

A finding is known by its rule, its file, its path without positions and the text of its line: it stays known when lines
are added above it, and is new when its line changes.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from lakeflow_local.check.finding import Finding
from lakeflow_local.check.sources import Sources
from lakeflow_local.errors import BundleError

_VERSION = 1
_Key = tuple[str, str, str, str]


def write_baseline(path: Path, findings: Iterable[Finding], root: Path, sources: Sources) -> int:
    """Write all findings to a file; returns how many.

    Raises:
        BundleError: the file cannot be written.
    """
    keys = sorted(_key(one, root, sources) for one in findings)
    entries = [{"rule": rule, "file": file, "path": where, "line": text} for rule, file, where, text in keys]
    content = {"version": _VERSION, "findings": entries}
    try:
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as problem:
        raise BundleError(f"cannot be written: {problem.strerror}", path) from None
    return len(keys)


def without_known(findings: Iterable[Finding], path: Path, root: Path, sources: Sources) -> list[Finding]:
    """The findings that are not in a baseline; one that it has once hides one.

    Raises:
        BundleError: the file is no baseline.
    """
    known = _read(path)
    new = []
    for one in findings:
        key = _key(one, root, sources)
        if known[key] > 0:
            known[key] -= 1
        else:
            new.append(one)
    return new


def _read(path: Path) -> Counter[_Key]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != _VERSION:
            raise BundleError(
                f"is a baseline of version {content['version']}: write it anew with --write-baseline", path
            )
        return Counter((one["rule"], one["file"], one["path"], one["line"]) for one in content["findings"])
    except OSError as problem:
        raise BundleError(f"cannot be read: {problem.strerror}; --write-baseline writes it", path) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BundleError("is no baseline: write it anew with --write-baseline", path) from None


def _key(one: Finding, root: Path, sources: Sources) -> _Key:
    # A line with a secret is not written into yet another file.
    text = "" if "secret" in one.rule or "token" in one.rule else line_of(one, root, sources).strip()
    return one.rule, one.file, re.sub(r"\[\d+\]", "[]", one.path), text


def line_of(one: Finding, root: Path, sources: Sources) -> str:
    """The text of a finding's line, "" where it has none."""
    source = sources.read(root / one.file) if one.file else None
    lines = source.text.splitlines() if source is not None else []
    return lines[one.line - 1] if 0 < one.line <= len(lines) else ""
