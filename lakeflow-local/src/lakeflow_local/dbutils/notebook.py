"""`dbutils.notebook`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from lakeflow_local.dbutils import task
from lakeflow_local.notebooks.notebook import NotebookError, find_notebook


class NotebookExit(Exception):
    """Raised by `exit`. An `except Exception` around it swallows it: what the platform does then is not documented.

    Attributes:
        place: `file:line` of the last call, to be told of when it was swallowed; empty without one.
    """

    place = ""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class Notebook:
    """How notebooks end, and run each other."""

    def exit(self, value: object = "") -> None:
        """End the notebook as a success, with a value."""
        caller = sys._getframe(1)
        NotebookExit.place = f"{Path(caller.f_code.co_filename).name}:{caller.f_lineno}"
        raise NotebookExit(str(value))

    def run(self, path: str, timeout_seconds: float = 0, arguments: Mapping[str, object] | None = None) -> str:
        """Run another notebook in a process of its own, and wait for its end.

        Args:
            path: beside the calling notebook unless it is absolute; the extension may be left out.
            timeout_seconds: after which it is stopped; 0 is never.
            arguments: its widgets.

        Returns:
            What it gave to `dbutils.notebook.exit`, empty without that.

        Raises:
            NotebookError: there is no such notebook, or nobody to run it.
            RunnerError: it failed, or took too long.
        """
        file = find_notebook(Path(task.current.facts.get("notebook_folder") or Path.cwd()) / path)
        if file is None:
            raise NotebookError(f"dbutils.notebook.run: there is no notebook {path} in the bundle")
        if not task.current.is_in_run:
            raise NotebookError("dbutils.notebook.run works in a task of a run only")
        widgets = {name: str(value) for name, value in (arguments or {}).items()}
        # A line of its own, because several threads may each wait for a notebook.
        answer = task.TaskContext().ask(
            "notebook_run", file=str(file.resolve()), timeout_seconds=timeout_seconds, widgets=widgets
        )
        return str(answer)
