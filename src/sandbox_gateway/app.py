"""The HTTP interface of the gateway.

    POST   /payouts                    Idempotency-Key: <key>; 201 decided, 200 repeated, 422 same key, other body
    GET    /payouts/{key}              the decision, or 404 {"error": "unknown_key"}
    GET    /payouts?settlement_date=   {"payouts": [...]}; without the date the whole statement
    POST   /faults                     {"kind", "call", "effect_key", "seller_id", "payout_account", "times", "seconds"}
    GET    /faults   DELETE /faults    what can still go wrong; nothing any more

A decision is `{"effect_key", "seller_id", "currency", "amount", "payout_account", "settlement_date", "status":
"accepted"|"rejected", "reason", "accepted_at"}`.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox_gateway.store import BODY, MATCHERS, Conflict, Store

FAULTS = {
    "reject": "the payout is refused, for good",
    "error_before": "503, nothing was decided",
    "error_after": "decided, then 500",
    "accept_then_timeout": "decided, then no answer for `seconds`",
    "slow": "no answer for `seconds`, then as usual",
    "reset_before": "the connection is reset, nothing was decided",
    "reset_after": "decided, then the connection is reset",
}
Reset = Callable[[Request], None]


class BadRequest(Exception):
    """The caller said something that cannot be meant."""


def create_app(store: Store, token: str, reset: Reset) -> Starlette:
    """Builds the application.

    Args:
        token: What `Authorization: Bearer …` has to hold.
        reset: Cuts the connection of a request.
    """

    async def submit(request: Request) -> Response:
        key = request.headers.get("Idempotency-Key", "").strip()
        if not key:
            raise BadRequest("Idempotency-Key is missing")
        body = _payout_body(await _object(request))
        fault = store.take_fault("send", {"effect_key": key, **body}) or {"kind": None}
        if (early := await _before(fault, request, reset)) is not None:
            return early
        try:
            decision, is_new = store.decide(key, body, reject=fault["kind"] == "reject")
        except Conflict:
            return JSONResponse({"error": "key_reused", "message": "the key is known with another body"}, 422)
        late = await _after(fault, request, reset)
        return late if late is not None else JSONResponse(decision, 201 if is_new else 200)

    async def ask(request: Request) -> Response:
        decision = store.payout(request.path_params["key"])
        subject = decision or {"effect_key": request.path_params["key"]}
        fault = store.take_fault("ask", subject) or {"kind": None}
        if (early := await _before(fault, request, reset)) is not None:
            return early
        if decision is None:
            return JSONResponse({"error": "unknown_key"}, 404)
        return JSONResponse(decision)

    async def statement(request: Request) -> Response:
        return JSONResponse({"payouts": store.statement(request.query_params.get("settlement_date"))})

    async def add_fault(request: Request) -> Response:
        return JSONResponse({"id": store.add_fault(_fault(await _object(request)))}, 201)

    async def list_faults(_: Request) -> Response:
        return JSONResponse({"faults": store.faults()})

    async def clear_faults(_: Request) -> Response:
        store.clear_faults()
        return Response(status_code=204)

    async def authorise(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        given = request.headers.get("Authorization", "").encode()
        if not secrets.compare_digest(given, f"Bearer {token}".encode()):
            return JSONResponse({"error": "unauthorised"}, 401)
        return await call_next(request)

    async def bad_request(_: Request, error: Exception) -> Response:
        return JSONResponse({"error": "bad_request", "message": str(error)}, 400)

    return Starlette(
        routes=[
            Route("/payouts", submit, methods=["POST"]),
            Route("/payouts", statement, methods=["GET"]),
            Route("/payouts/{key}", ask, methods=["GET"]),
            Route("/faults", add_fault, methods=["POST"]),
            Route("/faults", list_faults, methods=["GET"]),
            Route("/faults", clear_faults, methods=["DELETE"]),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=authorise)],
        exception_handlers={BadRequest: bad_request},
    )


async def _before(fault: dict[str, Any], request: Request, reset: Reset) -> Response | None:
    if fault["kind"] == "slow":
        await asyncio.sleep(fault["seconds"])
    if fault["kind"] == "reset_before":
        reset(request)
    if fault["kind"] in ("error_before", "reset_before"):
        return JSONResponse({"error": "unavailable"}, 503)
    return None


async def _after(fault: dict[str, Any], request: Request, reset: Reset) -> Response | None:
    if fault["kind"] == "accept_then_timeout":
        await asyncio.sleep(fault["seconds"])
    if fault["kind"] == "reset_after":
        reset(request)
    if fault["kind"] in ("error_after", "reset_after"):
        return JSONResponse({"error": "internal"}, 500)
    return None


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise BadRequest("the body is not JSON") from error
    if not isinstance(body, dict):
        raise BadRequest("the body is not a JSON object")
    return body


def _payout_body(body: dict[str, Any]) -> dict[str, str]:
    for name in BODY:
        if not isinstance(body.get(name), str) or not body[name].strip():
            raise BadRequest(f"{name} is missing or not text")
    try:
        amount = Decimal(body["amount"])
        date.fromisoformat(body["settlement_date"])
    except (InvalidOperation, ValueError) as error:
        raise BadRequest("amount or settlement_date cannot be read") from error
    if not amount.is_finite() or amount <= 0:
        raise BadRequest("amount is not above zero")
    return {name: body[name] for name in BODY}


def _fault(body: dict[str, Any]) -> dict[str, Any]:
    unknown = set(body) - {"kind", "call", "times", "seconds", *MATCHERS}
    if unknown or body.get("kind") not in FAULTS or body.get("call", "send") not in ("send", "ask"):
        raise BadRequest(f"a fault has kind ({', '.join(FAULTS)}), call (send, ask), times, seconds, {MATCHERS}")
    return {
        "kind": body["kind"],
        "call": body.get("call", "send"),
        **{name: body.get(name) for name in MATCHERS},
        "seconds": float(body.get("seconds", 30)),
        "remaining": body.get("times", 1),
    }
