"""`dbutils.notebook`."""

from __future__ import annotations


class NotebookExit(Exception):
    """Raised by `exit`. An `except Exception` around it swallows it [U]."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class Notebook:
    """What a notebook says of itself."""

    def exit(self, value: object = "") -> None:
        """End the notebook as a success, with a value."""
        raise NotebookExit(str(value))
