"""Who is let in: whoever has the token, and is no page of a browser.

A page of another site can send requests to loopback, and by rebinding its own name also read the answers. It cannot
choose the headers `Host` and `Origin`, which are therefore checked before anything else.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from lakeflow_local.api.http.errors import ApiError

_NAMES = ("127.0.0.1", "localhost")


class Guard:
    """Checks the headers of each request."""

    def __init__(self, port: int, token: str) -> None:
        """
        Args:
            port: of the server.
            token: of the bundle.
        """
        self._hosts = {f"{name}:{port}" for name in _NAMES}
        self._origins = {f"http://{host}" for host in self._hosts}
        self._wanted = f"Bearer {token}".encode()

    def check_site(self, headers: Mapping[str, str]) -> None:
        """Refuse pages of other sites.

        Raises:
            ApiError: with what is wrong.
        """
        if headers.get("host", "").lower() not in self._hosts:
            raise ApiError("PERMISSION_DENIED", "This server is not known by that Host")
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site", "none").lower()
        if (origin is not None and origin.lower() not in self._origins) or site not in ("none", "same-origin"):
            raise ApiError("PERMISSION_DENIED", "Requests from pages of other sites are refused")

    def check_token(self, headers: Mapping[str, str]) -> None:
        """Refuse who does not have the token.

        Raises:
            ApiError: with what is wrong.
        """
        given = headers.get("authorization")
        if given is None:
            message = "Credential was not sent or was of an unsupported type for this API."
            raise ApiError("UNAUTHENTICATED", message)
        if not secrets.compare_digest(given.encode("utf-8", "surrogateescape"), self._wanted):
            raise ApiError("UNAUTHENTICATED", "Invalid access token: take it from `lakeflow-local workspace env`")
