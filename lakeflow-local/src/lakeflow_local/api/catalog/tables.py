"""Tables: what runs have stored, read from their logs without a JVM. The API makes none."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

from lakeflow_local.api.catalog import catalogs, places, schemas
from lakeflow_local.api.catalog.columns import columns_of
from lakeflow_local.api.catalog.records import found, metastore_id
from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.paging import page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.http.shapes import fit
from lakeflow_local.api.state.state import State
from lakeflow_local.spark.catalogs import local_schema

routes = Routes()
_TYPES = {"streaming_table": "STREAMING_TABLE", "materialized_view": "MATERIALIZED_VIEW"}


def tables_of(state: State, catalog: str, schema: str) -> dict[str, Path]:
    """The folders of the tables of a schema by name; a log without a commit is no table yet."""
    folder = places.schema_folder(state.root, catalog, schema)
    if not folder.is_dir():
        return {}
    logs = sorted(folder.glob("*/_delta_log"))
    return {log.parent.name.lower(): log.parent for log in logs if any(log.glob("*.json"))}


def demand(state: State, catalog: str, schema: str, table: str) -> Path:
    """The folder of a table.

    Raises:
        ApiError: it does not exist.
    """
    folder = tables_of(state, catalog, schema).get(table)
    if folder is None:
        raise places.absent("table", f"{catalog}.{schema}.{table}")
    return folder


def pipelines_of(root: Path, catalog: str, schema: str) -> dict[str, tuple[str, Path]]:
    """The tables of a schema that a pipeline keeps: name -> (kind, folder of the pipeline's state)."""
    kept = {}
    prefix = f"{local_schema(catalog, schema)}.".lower()
    for memory in (root / ".lakeflow" / "pipelines").glob("*/datasets/*.json"):
        if memory.stem.startswith(prefix):
            try:
                kind = str(json.loads(memory.read_text(encoding="utf-8")).get("kind") or "")
            except (OSError, ValueError):  # it is written just now
                kind = ""
            kept[memory.stem.removeprefix(prefix)] = (kind, memory.parent.parent)
    return kept


def info(state: State, catalog: str, schema: str, table: str, *, columns: bool = True) -> dict[str, Any]:
    """A table as the API shows it."""
    name = f"{catalog}.{schema}.{table}"
    folder = demand(state, catalog, schema, table)
    kind, home = pipelines_of(state.root, catalog, schema).get(table, ("", None))
    newest = max((log.stat().st_mtime for log in (folder / "_delta_log").glob("*.json")), default=0.0)
    shown: dict[str, Any] = {
        **found(state, folder),
        "updated_at": int(newest * 1000),
        "table_type": _TYPES.get(re.sub(r"[ -]", "_", kind.lower()), "MANAGED"),
        "data_source_format": "DELTA",
        "storage_location": folder.as_uri(),
        "metastore_id": metastore_id(state),
        "table_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{metastore_id(state)}/{name}")),
        "catalog_name": catalog,
        "schema_name": schema,
        "name": table,
        "full_name": name,
    }
    if home is not None and (home / "id").exists():
        shown["pipeline_id"] = (home / "id").read_text(encoding="utf-8")
    if columns:
        stored = columns_of(folder)
        shown |= {"columns": stored.columns, "properties": stored.properties}
        if stored.comment:
            shown["comment"] = stored.comment
    return fit("catalog.TableInfo", shown)


def _named(call: Call) -> tuple[str, str, str]:
    catalog, schema, table = places.split(call.text("full_name"), 3, "table")
    return catalog, schema, table


@routes.on("GET", "/api/2.1/unity-catalog/tables")
def list_tables(call: Call) -> dict[str, Any]:
    """The tables of a schema, by name."""
    catalog = places.checked(call.text("catalog_name"), "Catalog")
    schema = places.checked(call.text("schema_name"), "Schema")
    schemas.demand(call.state, catalog, schema)
    names = sorted(tables_of(call.state, catalog, schema))
    page = page_of(call, names, default=10_000, most=50, size="max_results", is_cut=True)
    with_columns = not call.flag("omit_columns")
    shown = [info(call.state, catalog, schema, name, columns=with_columns) for name in page.items]
    return {"tables": shown, **page.tokens()}


@routes.on("GET", "/api/2.1/unity-catalog/table-summaries")
def list_summaries(call: Call) -> dict[str, Any]:
    """The names and kinds of the tables of a catalog."""
    catalog = places.checked(call.text("catalog_name"), "Catalog")
    catalogs.demand(call.state, catalog)
    wanted = [_like(call.text(name, "%")) for name in ("schema_name_pattern", "table_name_pattern")]
    names = [
        (schema, table)
        for schema in schemas.schemas_of(call.state, catalog)
        if wanted[0].fullmatch(schema)
        for table in sorted(tables_of(call.state, catalog, schema))
        if wanted[1].fullmatch(table)
    ]
    page = page_of(call, names, default=10_000, most=10_000, size="max_results", is_cut=True)
    shown = [info(call.state, catalog, *name, columns=False) for name in page.items]
    return {"tables": [{key: one[key] for key in ("full_name", "table_type")} for one in shown], **page.tokens()}


@routes.on("GET", "/api/2.1/unity-catalog/tables/{full_name}")
def get_table(call: Call) -> dict[str, Any]:
    """One, with its columns."""
    return info(call.state, *_named(call))


@routes.on("GET", "/api/2.1/unity-catalog/tables/{full_name}/exists")
def table_exists(call: Call) -> dict[str, Any]:
    """Whether there is one of this name.

    Raises:
        ApiError: its catalog or schema does not exist.
    """
    catalog, schema, table = _named(call)
    schemas.demand(call.state, catalog, schema)
    return {"table_exists": table in tables_of(call.state, catalog, schema)}


@routes.on("DELETE", "/api/2.1/unity-catalog/tables/{full_name}")
def delete_table(call: Call) -> dict[str, Any]:
    """Drop one."""
    catalog, schema, table = _named(call)
    places.put_away(call.state.root, demand(call.state, catalog, schema, table))
    call.state.store.delete("grants", f"table/{catalog}.{schema}.{table}")
    return {}


def _like(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in pattern), re.IGNORECASE)
