"""The Python, SQL and other files of a bundle, read and parsed once. Nothing of them is executed."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lakeflow_local.notebooks.notebook import Cell, NotebookError, read_notebook
from lakeflow_local.notebooks.notebook_source import is_notebook


@dataclass(frozen=True)
class SourceFile:
    """A file of the bundle.

    Attributes:
        path: Absolute.
        text: Its content; of a `.ipynb` the JSON.
    """

    path: Path
    text: str

    @cached_property
    def is_notebook(self) -> bool:
        """Whether it is a Databricks or Jupyter notebook."""
        return is_notebook(self.path)

    @cached_property
    def cells(self) -> list[Cell]:
        """The cells of a notebook, with their languages and, except in a `.ipynb`, their lines; else none."""
        if not self.is_notebook:
            return []
        try:
            return read_notebook(self.path)
        except (NotebookError, ValueError, KeyError, OSError):
            return []

    @cached_property
    def python(self) -> ast.Module | None:
        """Its Python code, with the lines of the file; None for a file of another kind, or one that does not parse.

        Of a notebook, all Python cells together; the lines of a `.ipynb` are those of no file.
        """
        if self.is_notebook:
            return self._python_cells()
        return _parsed(self.text) if self.path.suffix == ".py" else None

    def _python_cells(self) -> ast.Module | None:
        body: list[ast.stmt] = []
        for cell in self.cells:
            if cell.language != "python":
                continue
            tree = _parsed(_without_commands(cell.text))
            if tree is None:
                return None
            body += ast.increment_lineno(tree, cell.line - 1).body
        return ast.Module(body, [])


class Sources:
    """Reads each file once, for all targets.

    Attributes:
        memory: What helpers have worked out from the files alone and is the same for each target, by a name of theirs.
    """

    def __init__(self) -> None:
        self.memory: dict[Any, Any] = {}
        self._files: dict[Path, SourceFile | None] = {}

    def read(self, path: Path) -> SourceFile | None:
        """A file; None where there is none, it is no UTF-8 text, or it is larger than 5 MB."""
        path = path.resolve()
        if path not in self._files:
            self._files[path] = _read(path)
        return self._files[path]

    @property
    def seen(self) -> list[SourceFile]:
        """Every file that was read so far."""
        return [file for file in self._files.values() if file is not None]


_MOST_BYTES = 5_000_000


def _read(path: Path) -> SourceFile | None:
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        return SourceFile(path, path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return None


def _parsed(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes in a stranger's strings
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _without_commands(text: str) -> str:
    """A cell whose lines of IPython (`!ls`, `%time`) are comments."""
    return "\n".join(f"#{line}" if line.lstrip().startswith(("!", "%")) else line for line in text.split("\n"))
