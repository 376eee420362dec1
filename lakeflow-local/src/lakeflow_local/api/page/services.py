"""Services that run beside the workspace, such as a gateway, with the ends of their logs; and who is notified."""

from __future__ import annotations

from typing import Any

from lakeflow_local.api.boards import destinations
from lakeflow_local.api.http.call import Call, Reply
from lakeflow_local.api.page import html
from lakeflow_local.settings import load_settings

_SHOWN_BYTES = 20_000


def show(call: Call) -> Reply:
    """Each service with what it has logged last: of a gateway that logs requests, its traffic."""
    logs = call.state.root / ".lakeflow" / "logs"
    found: list[dict[str, Any]] = []
    for service in load_settings(call.state.root).services:
        log = logs / f"service-{service.name}.log"
        text = ""
        if log.exists():
            with open(log, "rb") as stream:
                stream.seek(max(0, log.stat().st_size - _SHOWN_BYTES))
                text = stream.read().decode("utf-8", "replace")
        found.append({"name": service.name, "variable": service.variable or "", "log": text})
    return html.page(call, "services.html", services=found, destinations=call.state.store.all(destinations.KIND))
