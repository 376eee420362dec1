"""Pages of a list: `page_token` in, `next_page_token` out. A token says where the next page begins, of which list."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import invalid


@dataclass(frozen=True)
class Page:
    """A part of a list.

    Attributes:
        items: of this page.
        next_token: of the next one; None on the last.
        previous_token: of the one before; None on the first.
    """

    items: Sequence[Any]
    next_token: str | None
    previous_token: str | None

    def tokens(self) -> dict[str, str]:
        """The tokens under the names that most lists give them."""
        named = {"next_page_token": self.next_token, "prev_page_token": self.previous_token}
        return {name: token for name, token in named.items() if token}


def page_of(
    call: Call,
    items: Sequence[Any],
    *,
    default: int,
    most: int,
    size: str = "page_size",
    token: str = "page_token",
    is_cut: bool = False,
) -> Page:
    """The page of a list that a call asks for.

    Args:
        items: the whole list, in an order that stays.
        default: how many a page has if the call does not say.
        most: how many it may ask for; 0 or nothing is the default.
        size: the parameter that says how many.
        token: the parameter with the token.
        is_cut: a size above `most` counts as `most`, and is no error.

    Raises:
        ApiError: the token is of another list, or none; or the size is out of bounds.
    """
    asked = call.number(size, 0, most=2**31 - 1 if is_cut else most)
    count = min(asked, most) or default
    filters = sorted((name, value) for name, value in {**call.query, **call.body}.items() if name not in (size, token))
    text = json.dumps([call.path, filters], default=str)
    here = hashlib.sha256(text.encode()).hexdigest()[:12]
    start = _start(call.text(token, ""), here)
    following = _token(here, start + count) if start + count < len(items) else None
    before = _token(here, max(start - count, 0)) if start > 0 else None
    return Page(items[start : start + count], following, before)


def _token(here: str, start: int) -> str:
    return base64.urlsafe_b64encode(f"{here}:{start}".encode()).decode().rstrip("=")


def _start(token: str, here: str) -> int:
    if not token:
        return 0
    try:
        where, _, start = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(":")
        if where == here and 0 <= int(start) < 2**62:
            return int(start)
    except (binascii.Error, ValueError):
        pass
    raise invalid("Invalid page token: use the one that this list has given, with the same filters")
