"""A gateway behind HTTP: `POST /payouts`, `GET /payouts/{key}`, `GET /payouts?settlement_date=`."""

from datetime import date
from decimal import DecimalException
from typing import Any

import httpx

from payouts.errors import GatewayUnavailable
from payouts.gateway.client import Payout, Reply, StatementLine
from payouts.ledger.protocol import Answer

TIMEOUT_SECONDS = 10.0
# Raised before a byte of the request has left: it certainly did not arrive. Whatever else fails may have arrived.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class HttpGateway:
    """A client that several threads may use at once.

    Args:
        url: Base address, without `/payouts`.
        token: Bearer token.
        timeout: Seconds until an answer is given up.
    """

    def __init__(self, url: str, token: str, timeout: float = TIMEOUT_SECONDS):
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout,
            transport=httpx.HTTPTransport(retries=0),  # a retry is the ledger's decision, never the transport's
        )

    def close(self) -> None:
        self._client.close()

    def send(self, payout: Payout) -> Reply:
        try:
            response = self._client.post("/payouts", json=payout.body(), headers={"Idempotency-Key": payout.effect_key})
        except httpx.HTTPError as error:
            return _failure(error)
        if response.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            return Reply(Answer.CONFLICT, "422: the gateway knows this key with another body")
        return _decision(response, payout)

    def ask(self, payout: Payout) -> Reply:
        try:
            response = self._client.get(f"/payouts/{payout.effect_key}")
        except httpx.HTTPError as error:
            return _failure(error)
        if response.status_code == httpx.codes.NOT_FOUND and _is_absence(response):
            return Reply(Answer.ABSENT, "404: the gateway does not know this key")
        return _decision(response, payout)

    def statement(self, settlement_date: date | None = None) -> list[StatementLine]:
        query = {"settlement_date": settlement_date.isoformat()} if settlement_date else {}
        try:
            response = self._client.get("/payouts", params=query)
            response.raise_for_status()
            return [StatementLine.parse(line) for line in response.json()["payouts"]]
        except httpx.HTTPError as error:
            raise GatewayUnavailable(f"no statement from the gateway: {type(error).__name__}: {error}") from error
        except (ValueError, KeyError, TypeError, DecimalException) as error:
            raise GatewayUnavailable(f"the gateway's statement cannot be read: {error!r}") from error


def _failure(error: httpx.HTTPError) -> Reply:
    answer = Answer.UNREACHABLE if isinstance(error, _NOT_SENT) else Answer.UNKNOWN
    return Reply(answer, f"{type(error).__name__}: {error}")


def _is_absence(response: httpx.Response) -> bool:
    # A 404 of a proxy in between, or of a wrong path, says nothing about the key; the gateway's own names it.
    body = _json(response)
    return isinstance(body, dict) and body.get("error") == "unknown_key"


def _decision(response: httpx.Response, payout: Payout) -> Reply:
    if response.status_code not in (httpx.codes.OK, httpx.codes.CREATED):
        return Reply(Answer.UNKNOWN, f"HTTP {response.status_code}")
    body = _json(response)
    try:
        line = StatementLine.parse(body)
    except (KeyError, TypeError, ValueError, DecimalException):
        return Reply(Answer.UNKNOWN, f"HTTP {response.status_code} with a body that is no payout")
    if not line.agrees_with(payout):
        return Reply(Answer.CONFLICT, "the gateway has another amount or account under this key")
    return Reply(Answer(line.status), str(body.get("reason") or ""))


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
