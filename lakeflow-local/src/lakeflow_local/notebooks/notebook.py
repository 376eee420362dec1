"""A notebook as a list of cells, read from any of its file formats.

Source files (`.py`, `.sql`) begin with `Databricks notebook source`, part their cells by `COMMAND ----------` and write
cells of another language behind `MAGIC`; a `.ipynb` is JSON. A cell's first line may name its language: `%sql`.
"""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

EXTENSIONS = (".py", ".sql", ".ipynb", ".r", ".scala")
RUNNABLE = ("python", "sql", "md", "pip", "run", "restart_python")
_COMMENT = {".py": "#", ".sql": "--"}
_LANGUAGE = {".py": "python", ".sql": "sql"}
_MAGIC = re.compile(r"\s*%([A-Za-z_]+)[ \t]*")
# Options of pip that have a value, which is no package.
_VALUED = re.compile(
    r"-[rcieft]|--(?:requirement|constraint|(?:extra-)?index-url|find-links|target|upgrade-strategy|trusted-host)"
)


class NotebookError(Exception):
    """A notebook that cannot be run here; str() says why."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell.

    Attributes:
        number: counted from 1.
        language: python, sql, md, pip, run, …
        text: without its magic word.
        line: where `text` begins in the file, counted from 1; 1 in a `.ipynb`.
    """

    number: int
    language: str
    text: str
    line: int


def find_notebook(path: Path) -> Path | None:
    """The file of a notebook, whose extension a deployment drops."""
    if path.is_file():
        return path
    found = (path.with_name(path.name + extension) for extension in EXTENSIONS)
    return next((file for file in found if file.is_file()), None)


def read_notebook(path: Path) -> list[Cell]:
    """The cells of a notebook that are not empty.

    Raises:
        NotebookError: a language that does not run here, with its cell.
    """
    if path.suffix == ".ipynb":
        cells = _jupyter_cells(path)
    elif path.suffix in _COMMENT:
        cells = _source_cells(path.read_text(encoding="utf-8"), _COMMENT[path.suffix], _LANGUAGE[path.suffix])
    else:
        raise NotebookError(f"{path.name} is a notebook in {path.suffix[1:]}; here run Python and SQL")
    for cell in cells:
        if cell.language not in RUNNABLE:
            raise NotebookError(
                f"cell {cell.number} of {path.name} is %{cell.language}, which cannot run here; "
                f"here run {', '.join('%' + language for language in RUNNABLE)}"
            )
    return cells


def _source_cells(text: str, comment: str, language: str) -> list[Cell]:
    lines = text.splitlines()
    separator = re.compile(rf"{comment} COMMAND -{{10}}\s*")
    starts = [1, *(index + 1 for index, line in enumerate(lines) if separator.fullmatch(line)), len(lines) + 1]
    pieces = [(start, lines[start : end - 1]) for start, end in itertools.pairwise(starts)]
    return _numbered([(_without_magic(piece, comment), start + 1) for start, piece in pieces], language)


def _without_magic(lines: list[str], comment: str) -> str:
    """A cell that is all MAGIC comes back as what stands behind that word; a title is no part of its cell."""
    mark, title = f"{comment} MAGIC", f"{comment} DBTITLE"
    lines = ["" if line.startswith(title) else line for line in lines]
    said = [line for line in lines if line.strip()]
    if any(line.startswith(mark) for line in said):
        if not all(line.startswith(mark) for line in said):
            raise NotebookError(f"a cell has lines with and without MAGIC, near: {said[0]}")
        lines = [line.removeprefix(mark).removeprefix(" ") for line in lines]
    return "\n".join(lines)


def _jupyter_cells(path: Path) -> list[Cell]:
    content = json.loads(path.read_text(encoding="utf-8"))
    metadata = content.get("metadata") or {}
    own = metadata.get("application/vnd.databricks.v1+notebook") or {}
    language = own.get("language") or (metadata.get("language_info") or {}).get("name") or "python"
    texts = [("".join(cell.get("source") or []), 1) for cell in content["cells"] if cell.get("cell_type") == "code"]
    return _numbered(texts, language.lower())


def _numbered(pieces: list[tuple[str, int]], language: str) -> list[Cell]:
    cells: list[Cell] = []
    written = ((text, line) for text, line in pieces if text.strip())
    for number, (text, line) in enumerate(written, start=1):
        magic = _MAGIC.match(text)
        if magic and magic.group(1) == "pip":
            cells += _pip_cells(text, line, number, language)
            continue
        cells.append(
            Cell(
                number=number,
                language=magic.group(1) if magic else language,
                text=text[magic.end() :] if magic else text,
                line=line + (text[: magic.end()].count("\n") if magic else 0),
            )
        )
    return cells


def _pip_cells(text: str, line: int, number: int, language: str) -> list[Cell]:
    """A cell that begins with %pip: each such line on its own, and what else is in it as code."""
    found, code = [], []
    goes_on = False
    for offset, said in enumerate(text.splitlines()):
        magic = _MAGIC.match(said)
        is_pip = goes_on or (magic is not None and magic.group(1) == "pip")
        if is_pip and not goes_on and magic:
            found.append(Cell(number=number, language="pip", text=said[magic.end() :], line=line + offset))
        elif is_pip:
            found[-1] = replace(found[-1], text=f"{found[-1].text}\n{said}")
        code.append("" if is_pip else said)
        goes_on = is_pip and said.endswith("\\")
    if any(said.strip() for said in code):
        found.append(Cell(number=number, language=language, text="\n".join(code), line=line))
    return found


def check_installed(cell: Cell) -> None:
    """Look for the packages of a %pip cell; nothing is installed on the way.

    Raises:
        NotebookError: for a package that is not in the environment that this runs in.
    """
    from importlib import metadata  # slow to import, and most notebooks install nothing

    command, *words = cell.text.replace("\\\n", " ").split() or [""]
    if command != "install":
        return
    for before, word in zip(["", *words], words, strict=False):
        if _VALUED.fullmatch(before):
            continue
        name = re.match(r"[A-Za-z0-9][A-Za-z0-9._\-]*", word)
        if not name or "/" in word or word.endswith((".txt", ".whl")):
            continue
        try:
            metadata.distribution(name.group())
        except metadata.PackageNotFoundError:
            raise NotebookError(
                f"cell {cell.number}: %pip: package {name.group()} is not installed in this environment"
            ) from None
