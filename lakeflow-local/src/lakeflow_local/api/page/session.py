"""Who may see the page: a browser with the cookie that the token of the workspace has been exchanged for.

Cookies do not tell ports apart, so the name of this one has the port in it, and its value is not the token.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from lakeflow_local.api.http.call import Call


class Session:
    """The cookie of one workspace."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._value = hmac.new(token.encode(), b"page", hashlib.sha256).hexdigest()

    def is_token(self, given: str) -> bool:
        """Whether a text is the token."""
        return secrets.compare_digest(given.encode("utf-8", "surrogateescape"), self._token.encode())

    def is_open(self, call: Call) -> bool:
        """Whether a request comes from a browser that has the cookie, or has the token as other clients do."""
        bearer = call.headers.get("authorization", "")
        if bearer.startswith("Bearer ") and self.is_token(bearer.removeprefix("Bearer ")):
            return True
        try:
            found = SimpleCookie(call.headers.get("cookie", "")).get(_name(call))
        except CookieError:
            return False
        return found is not None and secrets.compare_digest(found.value.encode(), self._value.encode())

    def cookie(self, call: Call) -> str:
        """The header that sets it: for this browser, until it is closed."""
        return f"{_name(call)}={self._value}; Path=/; HttpOnly; SameSite=Strict"


def _name(call: Call) -> str:
    return f"lakeflow_local_{urlsplit(call.state.host).port}"
