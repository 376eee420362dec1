"""Bodies of requests: JSON objects, and the parts of a form."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from lakeflow_local.api.http.errors import ApiError

_DEEPEST = 200  # levels of a JSON body
_HALVES = re.compile("[\ud800-\udfff]")
_NAME = re.compile(rb'name="([^"]*)"')


def json_object(data: bytes) -> dict[str, Any]:
    """The object that a body holds; an empty body is an empty one.

    Raises:
        ApiError: it is no JSON object, or holds what could not be kept or sent back.
    """
    if not data.strip():
        return {}
    try:
        found = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise malformed("The body is not JSON") from None
    if not isinstance(found, dict):
        raise malformed("The body is not a JSON object")
    _check(found)
    return found


def form_parts(data: bytes, content_type: str) -> dict[str, bytes]:
    """The parts of a `multipart/form-data` body by their names.

    Raises:
        ApiError: it has no boundary, or a part without a name.
    """
    boundary = re.search(r'boundary="?([^";,]+)"?', content_type)
    if boundary is None:
        raise malformed("The form has no boundary")
    mark = b"--" + boundary[1].encode()
    parts = {}
    for piece in (b"\r\n" + data).split(b"\r\n" + mark)[1:]:
        if piece.startswith(b"--"):
            return parts
        head, blank, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not blank or name is None:
            break
        parts[name[1].decode("utf-8", "replace")] = content
    raise malformed("The form cannot be read")


def malformed(message: str) -> ApiError:
    """A request that cannot be read."""
    return ApiError("MALFORMED_REQUEST", message)


def _check(value: Any, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise malformed(f"The body is nested more than {_DEEPEST} levels deep")
    if isinstance(value, dict):
        for name, item in value.items():
            _check(name, depth + 1)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise malformed("The body holds a number that is too large")
    elif isinstance(value, str) and not value.isascii() and _HALVES.search(value):
        raise malformed("The body holds a text that is not Unicode")


def _refuse(constant: str) -> None:
    raise ValueError(constant)
