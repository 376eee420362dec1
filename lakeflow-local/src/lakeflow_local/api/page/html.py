"""Makes HTML of templates, and the answer that carries it."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from jinja2 import ChainableUndefined, Environment, PackageLoader

from lakeflow_local.api.http.call import Call, Reply
from lakeflow_local.api.secrets.file import secrets_file
from lakeflow_local.errors import printable
from lakeflow_local.report.redaction import read_redactor
from lakeflow_local.report.words import length, look, moment, sign

_STRICT = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:"
_INLINE = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
_ALWAYS = "; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("lakeflow_local.api.page", "templates"),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.filters |= {"took": length, "look": look, "sign": sign, "moment": moment, "size": size, "part": part}
    return environment


def page(call: Call, template: str, *, refresh: bool = False, status: int = 200, **values: Any) -> Reply:
    """A page.

    Args:
        template: its name.
        refresh: let the browser ask again in a few seconds, as what it shows goes on.
        values: for the template; secrets are taken out of them.
    """
    redact = read_redactor(secrets_file(call.state.root))
    text = _environment().get_template(template).render(**redact(values), here=call.path, root=call.state.root.name)
    return html(text, refresh=refresh, status=status)


def html(text: str, *, refresh: bool = False, status: int = 200, inline: bool = False) -> Reply:
    """An HTML text as an answer.

    Args:
        inline: whether it brings its style and script along, as the page of a run does.
    """
    headers = {
        "Content-Security-Policy": (_INLINE if inline else _STRICT) + _ALWAYS,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        **({"Refresh": "3"} if refresh else {}),
    }
    content = text.encode("utf-8", "replace")
    return Reply(content=content, status=status, media_type="text/html; charset=utf-8", headers=headers)


def asset(name: str) -> bytes:
    """A style sheet or script of the page; the style begins with that of the page of a run."""
    own = files("lakeflow_local.api.page").joinpath("templates", name).read_bytes()
    if not name.endswith(".css"):
        return own
    return files("lakeflow_local.report").joinpath("page", "style.css").read_bytes() + own


def size(count: int) -> str:
    """A number of bytes for people."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def part(text: str) -> str:
    """A text as one part of the path of an address."""
    return quote(text, safe="")
