"""Which gateway an address means: `http(s)://…` a server, `file:…` a folder."""

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from payouts.errors import InvalidParameter
from payouts.gateway.client import Gateway
from payouts.gateway.file import FileGateway


def open_gateway(url: str, token: Callable[[], str]) -> Gateway:
    """Opens the gateway at an address.

    Args:
        token: Where the bearer token comes from; called only for a server, as a folder needs none.

    Raises:
        InvalidParameter: Neither kind of address.
    """
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and parts.netloc:
        from payouts.gateway.http import HttpGateway  # a quarter of a second, of which most tasks have no need

        return HttpGateway(url, token())
    if parts.scheme == "file" and not parts.netloc and parts.path:
        return FileGateway(unquote(parts.path))
    raise InvalidParameter(f"--gateway_url={url}: expected http://…, https://… or file:/Volumes/…")
