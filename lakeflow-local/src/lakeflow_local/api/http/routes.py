"""Which handler answers which path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from lakeflow_local.api.http.call import Call

Handler = Callable[[Call], Any]
_NAME = re.compile(r"\{(\w+)(\.\.\.)?\}")


@dataclass(frozen=True, kw_only=True)
class Route:
    """One kind of request.

    Attributes:
        path: with names in braces: `/api/2.0/pipelines/{pipeline_id}`; `{path...}` stands for all that is left.
        handler: gets the call, on a thread of its own; returns what is sent as JSON, or a `Reply`.
        takes_upload: the body is bytes, which the handler finds in a file; else it is JSON.
        most_bytes: of an upload.
        is_open: needs no token.
    """

    method: str
    path: str
    handler: Handler
    takes_upload: bool = False
    most_bytes: int = 0
    is_open: bool = False


class Routes:
    """The routes of one family, or of all.

    routes = Routes()

    @routes.on("GET", "/api/2.0/pipelines/{pipeline_id}")
    def get(call: Call) -> dict[str, Any]: …
    """

    def __init__(self, *families: Routes) -> None:
        self._routes: list[Route] = []
        self._plain: dict[tuple[str, str], Route] = {}
        self._patterns: list[tuple[str, re.Pattern[str], Route]] = []
        for family in families:
            for route in family:
                self.add(route)

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def on(self, method: str, *paths: str, most_bytes: int = 0, is_open: bool = False) -> Callable[[Handler], Handler]:
        """Register a handler.

        Args:
            method: of HTTP.
            paths: all that it answers, such as those of several versions.
            most_bytes: the body is an upload of at most so many bytes, and not JSON.
            is_open: needs no token.
        """

        def register(handler: Handler) -> Handler:
            for path in paths:
                route = Route(
                    method=method,
                    path=path,
                    handler=handler,
                    takes_upload=most_bytes > 0,
                    most_bytes=most_bytes,
                    is_open=is_open,
                )
                self.add(route)
            return handler

        return register

    def add(self, route: Route) -> None:
        """Register a route; one without names in its path goes before those with names, else the first one counts."""
        self._routes.append(route)
        if "{" not in route.path:
            self._plain.setdefault((route.method, route.path), route)
        else:
            self._patterns.append((route.method, _pattern(route.path), route))

    def find(self, method: str, raw_path: str) -> tuple[Route, Mapping[str, str]] | None:
        """The route of a request, and what its names stand for.

        Args:
            raw_path: as it came, percent signs and all: an encoded slash in a name is part of that name.

        Raises:
            UnicodeDecodeError: a name is no UTF-8.
        """
        plain = self._plain.get((method, unquote(raw_path)))
        if plain is not None:
            return plain, {}
        for wanted, pattern, route in self._patterns:
            found = pattern.fullmatch(raw_path) if wanted == method else None
            if found:
                return route, {name: unquote(text, errors="strict") for name, text in found.groupdict().items()}
        return None


def _pattern(path: str) -> re.Pattern[str]:
    pieces, end = [], 0
    for found in _NAME.finditer(path):
        pieces.append(re.escape(path[end : found.start()]))
        pieces.append(f"(?P<{found[1]}>.*)" if found[2] else f"(?P<{found[1]}>[^/]+)")
        end = found.end()
    return re.compile("".join(pieces) + re.escape(path[end:]), re.DOTALL)
