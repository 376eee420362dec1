"""The output is readable in 80 to 100 columns, and plain where nobody watches."""

import io

from rich.console import Console

from demo.screen import Screen


def printed(*, terminal: bool, width: int) -> list[str]:
    stream = io.StringIO()
    screen = Screen(Console(file=stream, force_terminal=terminal, width=width, highlight=False, color_system=None))
    screen.heading("Day [bold]1")
    screen.say("  refunds[red] " + "and so on " * 30, "red")
    screen.table("A title", ("reason", "amount"), [("below_minimum", "1.00"), (None, "2.00")])
    return stream.getvalue().splitlines()


def test_no_line_is_wider_than_the_terminal_or_than_100_columns():
    assert max(map(len, printed(terminal=True, width=80))) <= 80
    assert max(map(len, printed(terminal=True, width=250))) <= 100
    assert max(map(len, printed(terminal=False, width=40))) <= 100


def test_text_is_not_taken_for_markup():
    text = "\n".join(printed(terminal=False, width=100))
    assert "== Day [bold]1 ====" in text and "refunds[red]" in text


def test_what_goes_into_a_file_is_plain_ascii():
    assert "\n".join(printed(terminal=False, width=100)).isascii()


def test_what_wraps_keeps_its_indentation():
    wrapped = [line for line in printed(terminal=False, width=100) if "and so on" in line]
    assert len(wrapped) > 2 and all(line.startswith("    ") and not line.endswith(" ") for line in wrapped)
