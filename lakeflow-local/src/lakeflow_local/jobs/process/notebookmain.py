"""Runs a notebook in a task's process: its cells one after the other, in one namespace."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakeflow_local.dbutils import task
from lakeflow_local.dbutils.notebook import NotebookExit
from lakeflow_local.dbutils.runtime import UserNamespaceInitializer
from lakeflow_local.notebooks.notebook import Cell, NotebookError, check_installed, find_notebook, read_notebook

_WIDGET = re.compile(
    r"CREATE\s+WIDGET\s+(?:TEXT|DROPDOWN|COMBOBOX|MULTISELECT)\s+`?(\w+)`?\s+DEFAULT\s+"
    r"""(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")""",
    re.IGNORECASE,
)
_REMOVED = re.compile(r"REMOVE\s+WIDGET\s+`?(\w+)`?\s*$", re.IGNORECASE)
_ARGUMENT = re.compile(r"""\s\$(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"']+))""")


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
    else:
        if NotebookExit.place:
            print(
                f"lakeflow-local: warning: {NotebookExit.place}: an `except` of the notebook caught what "
                "dbutils.notebook.exit raises, so the notebook went on and has no exit value; what the platform does "
                "then is not documented: call exit outside of try",
                file=sys.stderr,
            )


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
            widgets.text(widget.group(1), widget.group(2) or widget.group(3) or "")
            continue
        if removed := _REMOVED.match(statement):
            widgets.remove(removed.group(1))
            continue
        parameters: Mapping[str, str] = widgets.getAll()
        result = namespace["spark"].sql(bind_markers(statement, parameters))
        if result.columns:
            namespace["_sqldf"] = result
            result.show()


def _run_other(file: Path, cell: Cell, namespace: dict[str, Any]) -> None:
    """Run another notebook's cells here, with its arguments as the values of its widgets as long as it runs."""
    name, arguments = run_arguments(cell.text)
    found = find_notebook(file.parent / name)
    if found is None:
        raise NotebookError(f"cell {cell.number} of {file.name}: %run {name}: there is no such notebook")
    facts = task.current.facts
    before = facts.get("widgets", {})
    facts["widgets"] = {**before, **arguments}
    try:
        _run_cells(found, namespace)
    finally:
        facts["widgets"] = before


def run_arguments(text: str) -> tuple[str, dict[str, str]]:
    """The notebook of `%run ./child $colour="blue" $size=3`, and its arguments."""
    arguments = {}
    for name, quoted, single, plain in _ARGUMENT.findall(text):
        arguments[name] = re.sub(r"\\(.)", r"\1", quoted or single) or plain
    return _ARGUMENT.sub("", text).strip().strip("\"'"), arguments
