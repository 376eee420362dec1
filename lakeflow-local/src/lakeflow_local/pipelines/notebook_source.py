"""Notebooks among a pipeline's sources: their cells of one language, the text between them left out.

Each source holds one language only (https://learn.microsoft.com/azure/databricks/dlt/develop); `%md` is no code.
"""

from __future__ import annotations

from pathlib import Path

from lakeflow_local.errors import UserError
from lakeflow_local.jobs.notebook import Cell, NotebookError, check_installed, read_notebook

_HEADER = b"# Databricks notebook source"


def is_notebook(file: Path) -> bool:
    """Whether a source is a `.ipynb`, or a `.py` that begins as an exported notebook does."""
    return file.suffix == ".ipynb" or (file.suffix == ".py" and file.read_bytes().startswith(_HEADER))


def python_cells(file: Path) -> list[Cell]:
    """The Python cells of a notebook in their order.

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
    cells = [cell for cell in cells if cell.language != "pip"]
    for cell in cells:
        if cell.language != "python":
            message = (
                f"cell {cell.number} is %{cell.language}: lakeflow-local runs Python cells in a pipeline's notebook"
            )
            raise UserError(message, file=file, line=None if file.suffix == ".ipynb" else cell.line)
    return cells
