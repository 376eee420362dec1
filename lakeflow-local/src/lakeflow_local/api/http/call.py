"""One request, as a handler sees it, and an answer that is no JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakeflow_local.api.http.errors import invalid
from lakeflow_local.api.state.state import State


@dataclass(frozen=True)
class Reply:
    """An answer other than JSON with status 200.

    Attributes:
        content: bytes, or a file whose bytes are the answer; None for none.
        json: an answer as JSON, in place of `content`.
    """

    content: bytes | Path | None = None
    json: Any = None
    status: int = 200
    media_type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One request of a client who may ask.

    Attributes:
        method: such as `GET`; a `HEAD` arrives as it is.
        path: decoded.
        parts: what the names in the route's path stand for, decoded.
        query: the parameters of the URL; of one that is repeated, the last.
        queries: all values of each.
        body: the JSON object that was sent; empty if there was none.
        upload: the file with the bytes that were sent, for a route that takes uploads; it is removed after the call,
            unless the handler has moved it away.
        headers: names in lower case.
        state: what the API remembers.
    """

    method: str
    path: str
    state: State
    parts: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    queries: Mapping[str, list[str]] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    upload: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def given(self, name: str) -> Any:
        """A parameter, from the path, the URL or the body; None if it is in none of them."""
        for source in (self.parts, self.query, self.body):
            if name in source:
                return source[name]
        return None

    def text(self, name: str, default: str | None = None) -> str:
        """A text.

        Raises:
            ApiError: it is missing and there is no default, or is no text.
        """
        value = self.given(name)
        if value is None:
            if default is None:
                raise invalid(f"Missing required field: {name}")
            return default
        if not isinstance(value, str):
            raise invalid(f"{name} must be a string")
        if "\x00" in value:
            raise invalid(f"{name} must not contain a null character")
        return value

    def number(self, name: str, default: int | None = None, *, least: int = 0, most: int = 2**63 - 1) -> int:
        """A whole number, which may be written as a text.

        Raises:
            ApiError: it is missing and there is no default, is none, or is out of bounds.
        """
        value = self.given(name)
        if value is None:
            if default is None:
                raise invalid(f"Missing required field: {name}")
            return default
        try:
            number = int(str(value)) if not isinstance(value, bool | float) and len(str(value)) < 25 else None
        except ValueError:
            number = None
        if number is None or not least <= number <= most:
            raise invalid(f"Invalid value for {name}: it must be a whole number from {least} to {most}")
        return number

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean, `true` and `false` in the URL.

        Raises:
            ApiError: it is something else.
        """
        value = self.given(name)
        if value is None:
            return default
        known = {"true": True, "false": False}.get(str(value).lower())
        if known is None:
            raise invalid(f"Invalid value for {name}: it must be true or false")
        return known
