"""Where the demo writes: at most 100 columns, colours only in a terminal, plain text anywhere else."""

from collections.abc import Iterable, Sequence
from textwrap import wrap

from rich.box import ASCII2, SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

WIDEST = 100
INDENT = (0, 0, 0, 2)


class Screen:
    """Prints the story. Text is never taken for markup, because names and paths may hold brackets."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, markup=False, emoji=False)
        self.console.width = min(self.console.width, WIDEST) if self.console.is_terminal else WIDEST

    def heading(self, text: str) -> None:
        """A new part of the story."""
        self.console.print()
        self.console.print(Text(f"== {text} ".ljust(self.console.width, "="), style="bold"))

    def say(self, text: str, style: str = "") -> None:
        """A sentence, wrapped and indented; blanks at its start indent it further."""
        indent = " " * (INDENT[3] + len(text) - len(text.lstrip()))
        width = self.console.width
        lines = wrap(
            text.lstrip(),
            width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
            break_long_words=False,
        )
        for line in lines or [""]:
            self.console.print(Text(line, style=style), soft_wrap=True)  # a long path must stay one word

    def table(self, title: str, header: Sequence[str], rows: Iterable[Sequence[object]], *, left: int = 1) -> None:
        """A table; the first `left` columns are text, the others are numbers."""
        table = Table(
            box=SIMPLE_HEAD if self.console.is_terminal else ASCII2, pad_edge=self.console.is_terminal is False
        )
        for position, name in enumerate(header):
            table.add_column(name, justify="left" if position < left else "right", overflow="fold")
        for row in rows:
            table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
        self.console.print()
        self.say(title, "bold")
        self.console.print(Padding(table, INDENT, expand=False))
