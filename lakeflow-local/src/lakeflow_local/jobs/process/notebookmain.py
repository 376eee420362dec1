"""Runs a notebook in a task's process: its cells one after the other, in one namespace."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakeflow_local.jobs.process.dbutils import task
from lakeflow_local.jobs.process.dbutils.notebook import NotebookExit
from lakeflow_local.jobs.process.dbutils.runtime import UserNamespaceInitializer
from lakeflow_local.notebooks.notebook import Cell, NotebookError, check_installed, find_notebook, read_notebook

_WIDGET = re.compile(
    r"CREATE\s+WIDGET\s+(?:TEXT|DROPDOWN|COMBOBOX|MULTISELECT)\s+(\w+)\s+DEFAULT\s+'((?:[^'\\]|\\.)*)'", re.IGNORECASE
)


def run_notebook(file: Path) -> None:
    """Run a notebook to its end, or to `dbutils.notebook.exit`, whose value the runner then has.

    The notebook's folder is the working directory and the first place where it finds modules.
    """
    os.chdir(file.parent)
    task.current.facts["notebook_folder"] = str(file.parent)
    sys.path.insert(0, str(file.parent))
    try:
        _run_cells(file, {"__name__": "__main__", **UserNamespaceInitializer.getOrCreate().get_namespace_globals()})
    except NotebookExit as leaving:
        task.current.ask("notebook_exit", value=leaving.value)


def _run_cells(file: Path, namespace: dict[str, Any]) -> None:
    for cell in read_notebook(file):
        match cell.language:
            case "python":
                exec(compile("\n" * (cell.line - 1) + cell.text, str(file), "exec"), namespace)
            case "sql":
                _run_sql(cell, namespace)
            case "run":
                _run_other(file, cell, namespace)
            case "pip":
                check_installed(cell)


def _run_sql(cell: Cell, namespace: dict[str, Any]) -> None:
    """Run each statement; named markers take the widgets' values; the last result is `_sqldf`, and shown."""
    from lakeflow_local.notebooks.statements import bind_markers, split_statements  # slow, and not for all

    widgets = namespace["dbutils"].widgets
    for statement in split_statements(cell.text):
        widget = _WIDGET.match(statement)
        if widget:
            widgets.text(widget.group(1), widget.group(2))
            continue
        parameters: Mapping[str, str] = widgets.getAll()
        result = namespace["spark"].sql(bind_markers(statement, parameters))
        if result.columns:
            namespace["_sqldf"] = result
            result.show()


def _run_other(file: Path, cell: Cell, namespace: dict[str, Any]) -> None:
    name = cell.text.strip().strip("\"'")
    found = find_notebook(file.parent / name)
    if found is None:
        raise NotebookError(f"cell {cell.number} of {file.name}: %run {name}: there is no such notebook")
    _run_cells(found, namespace)
