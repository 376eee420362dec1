"""All families of calls. To add one, make its `routes` and name them here."""

from __future__ import annotations

from lakeflow_local.api import data
from lakeflow_local.api.access import discovery, permissions, users
from lakeflow_local.api.files import objects, transfer
from lakeflow_local.api.http.application import Application
from lakeflow_local.api.http.guard import Guard
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.jobs import clock, jobs, runs
from lakeflow_local.api.page import site
from lakeflow_local.api.state.state import State

FAMILIES = (
    *data.FAMILIES,
    discovery.routes,
    users.routes,
    permissions.routes,
    objects.routes,
    transfer.routes,
    jobs.routes,
    runs.routes,
    clock.routes,
)


def application(state: State, *, port: int, token: str, own: Routes) -> Application:
    """The application.

    Args:
        port: of the server.
        token: of whoever may ask.
        own: routes of the process itself, such as its status.
    """
    return Application(state, Routes(own, *FAMILIES, site.routes(token)), Guard(port, token))
