"""What a scalar of YAML is worth: by its tag where one is written, else by how it looks."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

_INT = re.compile(r"[-+]?(0|[1-9][0-9_]*|0[0-9_]+|0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL_FLOAT = re.compile(r"([-+]?)\.(inf|Inf|INF|nan|NaN|NAN)")
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE, _FALSE = {"true", "True", "TRUE"}, {"false", "False", "FALSE"}
_OWN = "tag:yaml.org,2002:"
_MOST_DIGITS = 4300  # Python's own limit for texts that become numbers


def value(text: str, tag: str | None, *, plain: bool) -> Any:
    """The value of a scalar.

    Args:
        text: without quotes.
        tag: as it is written out, such as `tag:yaml.org,2002:int` or `!secret`; None where none is.
        plain: whether it may be something other than text.

    Raises:
        ValueError: the tag is not one of the CLI's, or the text does not fit it.
    """
    if tag is None or tag == "!":
        return _by_looks(text) if plain else text
    kind = tag.removeprefix(_OWN)
    found = _by_looks(text)
    match kind if tag != kind else "":
        case "str":
            return text
        case "null":
            return None
        case "bool":
            found = {"true": True, "false": False}.get(text.lower())
            fits = found is not None
        case "int":
            fits = type(found) is int
        case "float":
            fits = type(found) in (int, float)
            found = float(found) if fits else found
        case "timestamp":
            found, fits = text, _TIMESTAMP.fullmatch(text) is not None
        case _:
            shown = f"!!{kind}" if tag != kind else tag
            raise ValueError(f"unknown tag {shown}: the CLI has no tags of its own, write the value as it is")
    if not fits:
        raise ValueError(f"not a value of the tag !!{kind}: {text}")
    return found


def is_text(text: str, tag: str | None, *, plain: bool) -> bool:
    """Whether a scalar can be a key: for the CLI a text, or what looks like null."""
    if tag is not None:
        return tag == f"{_OWN}str"
    return not plain or _looks_like_text(text)


@lru_cache(4096)
def _looks_like_text(text: str) -> bool:
    return isinstance(_by_looks(text), (str, type(None))) and not _TIMESTAMP.fullmatch(text)


@lru_cache(4096)  # keys and short values come again and again
def _by_looks(text: str) -> Any:
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if len(text) < _MOST_DIGITS and _INT.fullmatch(text):
        return _integer(text)
    if special := _SPECIAL_FLOAT.fullmatch(text):
        sign = -1.0 if special.group(1) == "-" else 1.0
        return math.nan if special.group(2).lower() == "nan" else sign * math.inf
    return float(text) if _FLOAT.fullmatch(text) else text


def _integer(text: str) -> int:
    digits = text.replace("_", "")
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    stripped = digits.lstrip("0") or "0"
    return sign * (int(stripped) if stripped.isdigit() else int(digits, 0))
