"""The families of calls about data: pipelines, Unity Catalog, files in volumes, secrets, boards and SQL."""

from __future__ import annotations

from lakeflow_local.api.boards import alerts, dashboards, destinations
from lakeflow_local.api.catalog import catalogs, grants, schemas, tables, volumes
from lakeflow_local.api.compute import lookups, warehouses
from lakeflow_local.api.pipelines import definitions, events, updates
from lakeflow_local.api.secrets import calls as secrets
from lakeflow_local.api.sql import statements
from lakeflow_local.api.volumes import directories, files

FAMILIES = (
    definitions.routes,
    updates.routes,
    events.routes,
    catalogs.routes,
    schemas.routes,
    volumes.routes,
    tables.routes,
    grants.routes,
    directories.routes,
    files.routes,
    secrets.routes,
    dashboards.routes,
    alerts.routes,
    destinations.routes,
    warehouses.routes,
    lookups.routes,
    statements.routes,
)
