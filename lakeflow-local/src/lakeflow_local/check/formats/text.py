"""Findings for people: each with the line it leads to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lakeflow_local.check.engine.baseline import line_of
from lakeflow_local.check.finding import Finding
from lakeflow_local.check.rule import all_rules
from lakeflow_local.check.sources import Sources

_WIDTH = 110


def as_text(findings: list[Finding], root: Path, sources: Sources, targets: tuple[str, ...]) -> str:
    """All findings, and a last line that counts them.

    Args:
        targets: Those that were checked; a finding that all of them have does not list them.
    """
    blocks = ["\n".join(_block(one, root, sources, targets)) for one in findings]
    return "\n\n".join([*blocks, _count(findings, targets)])


def _block(one: Finding, root: Path, sources: Sources, targets: tuple[str, ...]) -> Iterator[str]:
    yield f"{one.severity}[{one.rule}]: {one.message}"
    place = f"{one.file}:{one.line}" if one.file else "(no file)"
    number = str(one.line)
    margin = " " * len(number)
    yield f"{margin}--> {place}{'  ' + one.path if one.path else ''}"
    line = line_of(one, root, sources).rstrip()
    if line and all_rules()[one.rule].family != "secrets":  # a secret is not shown once more
        yield f"{margin} |"
        yield f"{number} | {line if len(line) <= _WIDTH else line[:_WIDTH] + '…'}"
        yield f"{margin} |"
    yield f"{margin} = {one.reason}"
    yield f"{margin} = fix: {one.fix}"
    if one.targets != targets:
        yield f"{margin} = only in: {', '.join(one.targets)}"


def _count(findings: list[Finding], targets: tuple[str, ...]) -> str:
    where = f"target{'s' if len(targets) > 1 else ''} {', '.join(targets)}"
    if not findings:
        return f"Nothing found in {where}."
    errors = sum(one.severity == "error" for one in findings)
    return f"{_plural(errors, 'error')}, {_plural(len(findings) - errors, 'warning')} in {where}."


def _plural(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
