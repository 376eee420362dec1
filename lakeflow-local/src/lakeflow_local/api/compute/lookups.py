"""What variables of bundles look up by name and is not here: the answers are empty lists, so the lookup says so."""

from __future__ import annotations

from typing import Any

from lakeflow_local.api.http.call import Call, Reply
from lakeflow_local.api.http.routes import Routes

routes = Routes()


@routes.on("GET", "/api/2.1/clusters/list", "/api/2.0/clusters/list")
def clusters(call: Call) -> dict[str, Any]:
    """No clusters: jobs and pipelines run in the local Spark, whatever compute they ask for."""
    return {"clusters": []}


@routes.on("GET", "/api/2.0/policies/clusters/list")
def cluster_policies(call: Call) -> dict[str, Any]:
    """No policies."""
    return {"policies": []}


@routes.on("GET", "/api/2.0/instance-pools/list")
def instance_pools(call: Call) -> dict[str, Any]:
    """No pools."""
    return {"instance_pools": []}


@routes.on("GET", "/api/2.0/preview/scim/v2/ServicePrincipals")
def service_principals(call: Call) -> dict[str, Any]:
    """No service principals."""
    return {"Resources": [], "totalResults": 0, "startIndex": 1, "itemsPerPage": 0}


@routes.on("GET", "/api/2.0/sql/queries")
def queries(call: Call) -> dict[str, Any]:
    """No saved queries."""
    return {"results": []}


@routes.on("GET", "/api/2.0/preview/sql/dashboards")
def legacy_dashboards(call: Call) -> dict[str, Any]:
    """No dashboards of the old kind."""
    return {"results": [], "count": 0, "page": 1, "page_size": 25}


@routes.on("GET", "/api/2.0/preview/sql/data_sources")
def data_sources(call: Call) -> Reply:
    """The old name of the warehouses."""
    return Reply(json=[{"id": "local", "name": "Serverless Starter Warehouse", "warehouse_id": "local"}])
