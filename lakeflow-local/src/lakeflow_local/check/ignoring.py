"""`# lakeflow-local: ignore[rule] reason`: findings that somebody has looked at.

The comment stands at the end of the line of the finding, or alone on the line above it: in YAML and Python behind `#`,
in SQL behind `--`.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lakeflow_local.check.sources import SourceFile

_COMMENT = re.compile(r"(?P<mark>#|--)\s*lakeflow-local:\s*ignore\[(?P<rules>[^\]]*)\](?P<reason>.*)$")
_MARKS = {".yml": "#", ".yaml": "#", ".py": "#", ".sql": "--"}


@dataclass(frozen=True)
class Ignore:
    """One comment.

    Attributes:
        line: Where it stands.
        covers: The line whose findings it speaks of: its own, or the next one with anything on it.
        rules: The ids in brackets.
        reason: "" where none is given.
    """

    file: Path
    line: int
    covers: int
    rules: tuple[str, ...]
    reason: str


def ignores_in(files: Iterable[SourceFile]) -> list[Ignore]:
    """All such comments, those of YAML, Python and SQL files."""
    return [one for file in files if file.path.suffix in _MARKS and "lakeflow-local:" in file.text for one in _of(file)]


def _of(file: SourceFile) -> Iterator[Ignore]:
    lines = file.text.splitlines()
    comments = _python_comments(file.text) if file.path.suffix == ".py" else None
    for number, line in enumerate(lines, start=1):
        match = _COMMENT.search(line if comments is None else comments.get(number, ""))
        if match is None or match["mark"] != _MARKS[file.path.suffix]:
            continue
        covers = number
        if line.lstrip().startswith(match["mark"]):
            covers = next((at for at in range(number + 1, len(lines) + 1) if _says_something(lines[at - 1])), number)
        rules = tuple(name.strip() for name in match["rules"].split(",") if name.strip())
        yield Ignore(file.path, number, covers, rules, match["reason"].strip(" \t:-"))


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(("#", "--"))


def _python_comments(text: str) -> dict[int, str]:
    """Line -> its comment, so that a text in a string is none; of a file that is no Python, all lines."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return dict(enumerate(text.splitlines(), start=1))
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
