"""The addresses of the page. All but the way in want the cookie."""

from __future__ import annotations

import functools
from collections.abc import Callable
from urllib.parse import parse_qs

from lakeflow_local.api.http.call import Call, Reply
from lakeflow_local.api.http.errors import ApiError
from lakeflow_local.api.http.routes import Handler, Routes
from lakeflow_local.api.page import data, html, overview, pipelines, services
from lakeflow_local.api.page.session import Session
from lakeflow_local.api.volumes import files

_MOST_FORM = 4096  # bytes
_PAGES: dict[str, Callable[[Call], Reply]] = {
    "/": overview.show,
    "/runs": overview.runs,
    "/runs/{run_id}": overview.run,
    "/jobs/{job_id}": overview.job,
    "/jobs/{job_id}/runs/{run_id}": overview.run,  # as the CLI prints it
    "/pipelines": pipelines.all_of_them,
    "/pipelines/{pipeline_id}": pipelines.show,
    "/tables": data.tables,
    "/tables/{full_name}": data.table,
    "/volumes": data.volumes,
    "/volumes/{path...}": data.directory,
    "/services": services.show,
}
# Where `bundle summary` sends people for schemas and volumes.
_EXPLORED = {"/explore/data/volumes/{path...}": "/volumes/", "/explore/data/{path...}": "/tables#"}


def routes(token: str) -> Routes:
    """The routes of the page.

    Args:
        token: of the workspace.
    """
    found = Routes()
    session = Session(token)

    def inside(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def guarded(call: Call) -> Reply:
            if not session.is_open(call):
                return html.page(call, "sign_in.html", status=401, wrong=False)
            try:
                answer: Reply = handler(call)
            except ApiError as error:
                answer = html.page(call, "error.html", status=error.status, message=error.message)
            return answer

        return guarded

    def enter(call: Call) -> Reply:
        """Exchange the token of a link for the cookie; the address in the browser then has no token in it."""
        given = call.query.get("token")
        if given is not None and session.is_token(given):
            return Reply(status=303, headers={"Location": "/", "Set-Cookie": session.cookie(call)})
        return inside(overview.show)(call)

    def sign_in(call: Call) -> Reply:
        """Exchange the token of the form for the cookie."""
        assert call.upload is not None
        fields = parse_qs(call.upload.read_text(encoding="utf-8", errors="replace"))
        if session.is_token(fields.get("token", [""])[0].strip()):
            return Reply(status=303, headers={"Location": "/", "Set-Cookie": session.cookie(call)})
        return html.page(call, "sign_in.html", status=401, wrong=True)

    for path, handler in _PAGES.items():
        found.on("GET", path, is_open=True)(enter if path == "/" else inside(handler))
    for path, target in _EXPLORED.items():
        found.on("GET", path, is_open=True)(
            lambda call, target=target: Reply(status=303, headers={"Location": target + _moved(call, target)})  # type: ignore[misc]
        )
    found.on("POST", "/sign-in", most_bytes=_MOST_FORM, is_open=True)(sign_in)
    found.on("PUT", "/volumes/{path...}", most_bytes=files.MOST_BYTES, is_open=True)(inside(data.upload))
    for name, kind in {"page.css": "text/css", "page.js": "text/javascript", "moved.js": "text/javascript"}.items():
        found.on("GET", f"/assets/{name}", is_open=True)(
            lambda call, name=name, kind=kind: Reply(content=html.asset(name), media_type=f"{kind}; charset=utf-8")  # type: ignore[misc]
        )
    return found


def _moved(call: Call, target: str) -> str:
    """What of an address goes on: the path of a volume, or the name of a schema."""
    parts = call.text("path").split("/")
    return "/".join(map(html.part, parts)) if target.endswith("/") else html.part(".".join(parts))
