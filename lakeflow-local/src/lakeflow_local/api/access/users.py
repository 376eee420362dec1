"""The current user, who is the only one, and the groups that he is in."""

from __future__ import annotations

from typing import Any

from lakeflow_local.api.http.call import Call, Reply
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.state.state import State

GROUPS = ("admins", "users")
# The ids of the workspace's own groups are made up; they only have to stay.
_GROUP_IDS = {"admins": "100000001", "users": "100000002", "account users": "100000003"}

routes = Routes()


def groups_of(state: State) -> list[dict[str, Any]]:
    """All groups that there are, in the shape of SCIM."""
    return [{"displayName": name, "id": id} for name, id in _GROUP_IDS.items()]


@routes.on("GET", "/api/2.0/preview/scim/v2/Me")
def me(call: Call) -> Reply:
    """Who has the token."""
    state = call.state
    found = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": state.user_id,
        "userName": state.user_name,
        "displayName": state.user_name.partition("@")[0],
        "name": {"givenName": state.user_name.partition("@")[0]},
        "active": True,
        "emails": [{"type": "work", "value": state.user_name, "primary": True}],
        "groups": [{"display": name, "value": _GROUP_IDS[name], "type": "direct"} for name in GROUPS],
    }
    # Clients take the number of the workspace from this header.
    return Reply(json=found, headers={"X-Databricks-Org-Id": str(state.workspace_id)})


@routes.on("GET", "/api/2.0/preview/scim/v2/Groups")
def groups(call: Call) -> dict[str, Any]:
    """A page of the groups; the filter `displayName eq "…"` that lookups use is understood.

    https://datatracker.ietf.org/doc/html/rfc7644#section-3.4.2.4: a client reads pages until one is empty.
    """
    found = groups_of(call.state)
    wanted = _name_in(call.text("filter", ""))
    if wanted is not None:
        found = [group for group in found if group["displayName"].lower() == wanted.lower()]
    start = max(call.number("startIndex", 1), 1)
    page = found[start - 1 :][: call.number("count", len(found))]
    return {"Resources": page, "totalResults": len(found), "startIndex": start, "itemsPerPage": len(page)}


def _name_in(text: str) -> str | None:
    name, _, value = text.partition(" eq ")
    return value.strip().strip("\"'") if name.strip() == "displayName" else None
