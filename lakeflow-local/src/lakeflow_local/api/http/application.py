"""The ASGI application: lets in who may ask, reads the request within limits, and gives it to its handler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from lakeflow_local.api.http.body import json_object
from lakeflow_local.api.http.call import Call, Reply
from lakeflow_local.api.http.errors import ApiError
from lakeflow_local.api.http.guard import Guard
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.state.state import State
from lakeflow_local.errors import UserError, printable, shortage

MOST_JSON = 16 * 1024 * 1024  # bytes; a file in the body of an import is at most 10 MB, in Base64
_SHOWN = 200  # characters of a path in the log


class Application:
    """Answers every request below `/api/`, and the few that clients send elsewhere.

    Attributes:
        unknown: calls that nobody answers, with how often they came.
    """

    def __init__(self, state: State, routes: Routes, guard: Guard) -> None:
        self.unknown: Counter[str] = Counter()
        self._state = state
        self._routes = routes
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request."""
        if scope["type"] != "http":
            raise RuntimeError("only HTTP is served here")
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ApiError as error:
            response = _failed(error)
        except ClientDisconnect:
            return
        except UserError as error:
            response = _failed(ApiError("BAD_REQUEST", str(error)))
        except Exception as error:
            self._state.log(f"{request.method} {_shown(request.url.path)} failed: {error!r}")
            why = shortage(error) or "this is a defect of lakeflow-local; `lakeflow-local workspace logs` shows more"
            response = _failed(ApiError("INTERNAL_ERROR", f"{type(error).__name__}: {why}"))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        self._guard.check_site(request.headers)
        raw_path = request.scope.get("raw_path", request.scope["path"].encode()).partition(b"?")[0]
        try:
            path = raw_path.decode("ascii")
            found = self._routes.find(request.method, path)
        except UnicodeDecodeError:
            raise ApiError("MALFORMED_REQUEST", "The path is not UTF-8") from None
        if found is None or not found[0].is_open:
            self._guard.check_token(request.headers)
        if found is None:
            raise self._nobody_answers(request.method, unquote(path))
        route, parts = found
        upload: Path | None = None
        try:
            if route.takes_upload:
                upload = await self._received(request, route.most_bytes)
            body = {} if route.takes_upload else json_object(await _bytes(request, MOST_JSON))
            call = _call(request, unquote(path), self._state, parts, body, upload)
            return _response(await run_in_threadpool(route.handler, call))
        finally:
            if upload is not None:
                upload.unlink(missing_ok=True)

    def _nobody_answers(self, method: str, path: str) -> ApiError:
        """The platform's answer to an unknown endpoint. The log names it when it comes for the 1st, 2nd, 4th … time."""
        name = f"{method} {_shown(path)}"
        if name in self.unknown or len(self.unknown) < 1000:
            self.unknown[name] += 1
            count = self.unknown[name]
            if count & (count - 1) == 0:
                self._state.log(f"not implemented here: {name} ({count} so far)")
        return ApiError("ENDPOINT_NOT_FOUND", f"No API found for '{method} {_shown(path)}'")

    async def _received(self, request: Request, most: int) -> Path:
        """The body of a request in a file."""
        self._state.uploads.mkdir(parents=True, exist_ok=True)
        path = self._state.uploads / uuid4().hex
        _check_length(request, most)
        size = 0
        try:
            with open(path, "wb") as file:
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > most:
                        raise _too_large(most)
                    file.write(chunk)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path


def _call(
    request: Request, path: str, state: State, parts: Mapping[str, str], body: dict[str, Any], upload: Path | None
) -> Call:
    try:
        queries = parse_qs(request.url.query, keep_blank_values=True, errors="strict", max_num_fields=1000)
    except ValueError:
        raise ApiError("MALFORMED_REQUEST", "The parameters of the URL cannot be read") from None
    return Call(
        method=request.method,
        path=path,
        state=state,
        parts=parts,
        query={name: values[-1] for name, values in queries.items()},
        queries=queries,
        body=body,
        upload=upload,
        headers={name.lower(): value for name, value in request.headers.items()},
    )


async def _bytes(request: Request, most: int) -> bytes:
    _check_length(request, most)
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        chunks.append(chunk)
    return b"".join(chunks)


def _check_length(request: Request, most: int) -> None:
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > most:
        raise _too_large(most)


def _too_large(most: int) -> ApiError:
    return ApiError("INVALID_PARAMETER_VALUE", f"The request is larger than {most} bytes", 413)


def _response(result: Any) -> Response:
    if not isinstance(result, Reply):
        return JSONResponse({} if result is None else result)
    headers = dict(result.headers)
    if result.json is not None:
        return JSONResponse(result.json, result.status, headers)
    if isinstance(result.content, Path):
        return FileResponse(result.content, result.status, headers, result.media_type)
    return Response(result.content, result.status, headers, result.media_type if result.content is not None else None)


def _failed(error: ApiError) -> JSONResponse:
    return JSONResponse(error.body(), error.status)


def _shown(path: str) -> str:
    return printable(path[:_SHOWN]).replace("\n", "\\n")
