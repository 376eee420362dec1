"""Notebooks among a pipeline's sources: their cells of one language, Python or SQL, the text between them left out.

Each source holds one language only (https://learn.microsoft.com/azure/databricks/dlt/develop); `%md` is no code.
"""

from __future__ import annotations

from pathlib import Path

from lakeflow_local.errors import UserError
from lakeflow_local.notebooks.notebook import Cell, NotebookError, check_installed, read_notebook

_HEADERS = {".py": b"# Databricks notebook source", ".sql": b"-- Databricks notebook source"}


def is_notebook(file: Path) -> bool:
    """Whether a source is a `.ipynb`, or a `.py` or `.sql` that begins as an exported notebook does."""
    header = _HEADERS.get(file.suffix)
    return file.suffix == ".ipynb" or (header is not None and file.read_bytes().startswith(header))


def cells_of(file: Path) -> tuple[str, list[Cell]]:
    """The language of a notebook, python or sql, and its cells of code in their order.

    Raises:
        UserError: for a cell of another language, with the file and, where lines can be counted, its line.
    """
    try:
        cells = [cell for cell in read_notebook(file) if cell.language != "md"]
        for cell in cells:
            if cell.language == "pip":
                check_installed(cell)
    except (NotebookError, ValueError, KeyError) as error:
        raise UserError(f"this notebook cannot be read: {error}", file=file) from None
    cells = [cell for cell in cells if cell.language not in ("pip", "restart_python")]
    only_sql = cells and all(cell.language == "sql" for cell in cells)
    language = "sql" if only_sql or file.suffix == ".sql" else "python"
    for cell in cells:
        if cell.language != language:
            message = f"cell {cell.number} is %{cell.language}: a pipeline's notebook is all Python or all SQL"
            raise UserError(message, file=file, line=None if file.suffix == ".ipynb" else cell.line)
    return language, cells
