"""`dbutils.widgets`: the parameters of a notebook task, and defaults that the notebook declares."""

from __future__ import annotations

from collections.abc import Sequence

from lakeflow_local.dbutils import task


class Widgets:
    """A job's value beats the default of the widget."""

    def __init__(self) -> None:
        self._defaults: dict[str, str] = {}

    def text(self, name: str, defaultValue: str = "", label: str | None = None) -> None:
        """Declare a widget."""
        self._defaults.setdefault(name, str(defaultValue))

    def dropdown(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:
        """Declare a widget; the choices are for people."""
        self.text(name, defaultValue)

    combobox = dropdown
    multiselect = dropdown

    def get(self, name: str) -> str:
        """The value of a widget.

        Raises:
            ValueError: neither a parameter nor a widget has that name.
        """
        values = self.getAll()
        if name not in values:
            raise ValueError(f"No input widget named {name} is defined")
        return values[name]

    def getAll(self) -> dict[str, str]:
        """All values."""
        return {**self._defaults, **task.current.facts.get("widgets", {})}

    def getArgument(self, name: str, optional: str = "") -> str:
        """The value of a widget, or the second argument."""
        return self.getAll().get(name, optional)

    def remove(self, name: str) -> None:
        """Forget a declared widget."""
        self._defaults.pop(name, None)

    def removeAll(self) -> None:
        """Forget all declared widgets."""
        self._defaults.clear()
