"""All families of calls. To add one, make its `routes` and name them here."""

from __future__ import annotations

from lakeflow_local.api.access import discovery, permissions, users
from lakeflow_local.api.boards import alerts, dashboards, destinations
from lakeflow_local.api.catalog import catalogs, grants, schemas, tables, volumes
from lakeflow_local.api.compute import lookups, warehouses
from lakeflow_local.api.files import objects, transfer
from lakeflow_local.api.http.application import Application
from lakeflow_local.api.http.guard import Guard
from lakeflow_local.api.http.routes import Routes
<<<<<<< HEAD
from lakeflow_local.api.pipelines import definitions, events, updates
from lakeflow_local.api.secrets import calls as secrets
from lakeflow_local.api.sql import statements
=======
from lakeflow_local.api.jobs import jobs, runs
>>>>>>> wt-api-core
from lakeflow_local.api.state.state import State
from lakeflow_local.api.volumes import directories
from lakeflow_local.api.volumes import files as volume_files

FAMILIES = (
    discovery.routes,
    users.routes,
    permissions.routes,
    objects.routes,
    transfer.routes,
<<<<<<< HEAD
    definitions.routes,
    updates.routes,
    events.routes,
    catalogs.routes,
    schemas.routes,
    volumes.routes,
    tables.routes,
    grants.routes,
    directories.routes,
    volume_files.routes,
    secrets.routes,
    dashboards.routes,
    alerts.routes,
    destinations.routes,
    warehouses.routes,
    lookups.routes,
    statements.routes,
=======
    jobs.routes,
    runs.routes,
>>>>>>> wt-api-core
)


def application(state: State, *, port: int, token: str, own: Routes) -> Application:
    """The application.

    Args:
        port: of the server.
        token: of whoever may ask.
        own: routes of the process itself, such as its status.
    """
    return Application(state, Routes(own, *FAMILIES), Guard(port, token))
