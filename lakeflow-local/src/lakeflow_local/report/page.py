"""Makes the page: one HTML text that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from lakeflow_local.errors import printable
from lakeflow_local.report.words import length, look, sign


def render(page: dict[str, Any], redact: Callable[[Any], Any]) -> str:
    """The page.

    Args:
        page: what `contents` has collected.
        redact: takes secrets out of a value; all that is shown goes through it, before it is escaped.
    """
    environment = Environment(
        loader=PackageLoader("lakeflow_local.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    environment.filters |= {"took": length, "count": _count, "percent": _percent, "look": look, "sign": sign}
    return environment.get_template("report.html").render(redact(page))


def _printable(value: Any) -> Any:
    """A text without control characters; what the templates have made already (`Markup`) is left alone."""
    return printable(value) if type(value) is str else value


def _count(number: int) -> str:
    return f"{number:,}"


def _percent(rate: float) -> str:
    """A share that is called 100 % only if nothing is missing."""
    if rate == 1:
        return "100 %"
    return f"{min(rate * 100, 99.99):.2f} %"
