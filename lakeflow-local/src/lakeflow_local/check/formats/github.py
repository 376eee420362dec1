"""Findings as annotations of a pull request: workflow commands of GitHub Actions.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from pathlib import Path

from lakeflow_local.check.finding import Finding
from lakeflow_local.check.formats.paths import from_repository


def as_github(findings: list[Finding], root: Path) -> str:
    """A line for each finding."""
    return "\n".join(_line(one, root) for one in findings)


def _line(one: Finding, root: Path) -> str:
    properties = {"title": one.rule}
    if one.file:
        properties = {"file": from_repository(one.file, root), "line": str(max(one.line, 1)), **properties}
    shown = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items())
    return f"::{one.severity} {shown}::{_escaped(f'{one.message}. {one.reason} Fix: {one.fix}')}"


def _escaped(text: str, more: str = "") -> str:
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text
