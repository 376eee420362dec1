"""What clients ask before their first call: which kind of host this is."""

from __future__ import annotations

from typing import Any

from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.routes import Routes

routes = Routes()


@routes.on("GET", "/.well-known/databricks-config", is_open=True)
def host_metadata(call: Call) -> dict[str, Any]:
    """The kind of host: a workspace of its own, with tokens only (there is no OAuth)."""
    oidc = f"{call.state.host}/oidc"  # the CLI warns where there is none; nothing is served there
    return {"host_type": "workspace", "workspace_id": str(call.state.workspace_id), "oidc_endpoint": oidc}


@routes.on("POST", "/telemetry-ext")
def telemetry(call: Call) -> dict[str, Any]:
    """Take what a client tells of its use, and keep nothing of it."""
    items = call.given("protoLogs")
    return {"errors": [], "numProtoSuccess": len(items) if isinstance(items, list) else 0}
