"""Tables for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from lakeflow_local.errors import printable


class PlainConsole(Console):
    """Prints tables: what stands in them is text, and neither markup nor commands to the terminal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """A text of a cell or line."""
        return super().render_str(printable(text), **options)
