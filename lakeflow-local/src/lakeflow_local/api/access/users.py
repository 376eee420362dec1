"""The current user, who is the only one, and the groups that he is in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lakeflow_local.api.http.call import Call, Reply
from lakeflow_local.api.http.errors import invalid
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.state.state import State

GROUPS = ("admins", "users")
# The ids of the workspace's own groups are made up; they only have to stay.
_GROUP_IDS = {"admins": "100000001", "users": "100000002", "account users": "100000003"}
# Operators of the documentation of groups/list; quotes of either kind, or none.
_FILTER = re.compile(r"""\s*displayName\s+(eq|ne|co|sw)\s+["']?([^"']*)["']?\s*""", re.IGNORECASE)

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
    """A page of the groups; a filter is one comparison of `displayName`.

    https://datatracker.ietf.org/doc/html/rfc7644#section-3.4.2.4: a client reads pages until one is empty.
    """
    found = groups_of(call.state)
    wanted = _condition(call.text("filter", ""))
    found = [group for group in found if wanted(group["displayName"].lower())]
    start = max(call.number("startIndex", 1), 1)
    page = found[start - 1 :][: call.number("count", len(found))]
    return {"Resources": page, "totalResults": len(found), "startIndex": start, "itemsPerPage": len(page)}


def _condition(text: str) -> Callable[[str], bool]:
    """What a filter asks of a name in lower case.

    Raises:
        ApiError: it is none that is understood here.
    """
    if not text.strip():
        return lambda name: True
    found = _FILTER.fullmatch(text)
    if found is None:
        raise invalid('filter must be displayName eq, ne, co or sw "<text>"')
    value = found[2].lower()
    return {
        "eq": lambda name: name == value,
        "ne": lambda name: name != value,
        "co": lambda name: value in name,
        "sw": lambda name: name.startswith(value),
    }[found[1].lower()]
