"""What every securable has beside its own fields: owner, times, and the metastore in which it is."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakeflow_local.api.http.call import Call
from lakeflow_local.api.state.state import State
from lakeflow_local.api.state.store import now


def metastore_id(state: State) -> str:
    """The one metastore of this workspace."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"metastore/{state.workspace_id}"))


def made(call: Call) -> dict[str, Any]:
    """The fields of a securable that is made now."""
    at, who = now(), call.state.user_name
    return {"owner": who, "created_at": at, "created_by": who, "updated_at": at, "updated_by": who}


def changed(call: Call) -> dict[str, Any]:
    """The fields of a securable that is changed now."""
    return {"updated_at": now(), "updated_by": call.state.user_name}


def found(state: State, folder: Path) -> dict[str, Any]:
    """The fields of a securable that a run has made, without the API."""
    at = int(folder.stat().st_ctime * 1000) if folder.exists() else 0
    who = state.user_name
    return {"owner": who, "created_at": at, "created_by": who, "updated_at": at, "updated_by": who}


def given(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """These fields of a request, as far as they are in it; an empty text counts, as it removes a comment."""
    return {name: body[name] for name in names if name in body}
