"""Tables with samples of their rows, and volumes with their files. Rows are read without a JVM."""

from __future__ import annotations

from typing import Any

from lakeflow_local.api.catalog import catalogs, places, schemas
from lakeflow_local.api.catalog import tables as stored_tables
from lakeflow_local.api.catalog import volumes as known_volumes
from lakeflow_local.api.http.call import Call, Reply
from lakeflow_local.api.http.errors import missing
from lakeflow_local.api.page import html
from lakeflow_local.api.volumes import directories, files
from lakeflow_local.api.volumes.paths import place_of
from lakeflow_local.spark import stored

_SAMPLE = 20
_LONGEST = 300  # characters of a value


def tables(call: Call) -> Reply:
    """All tables, by schema."""
    found = []
    for catalog in catalogs.known(call.state):
        for schema in schemas.schemas_of(call.state, catalog):
            names = [
                stored_tables.info(call.state, catalog, schema, name, columns=False)
                for name in sorted(stored_tables.tables_of(call.state, catalog, schema))
            ]
            found.append({"name": f"{catalog}.{schema}", "tables": names})
    return html.page(call, "tables.html", schemas=found)


def table(call: Call) -> Reply:
    """One table: its columns, and some rows."""
    catalog, schema, name = places.split(call.text("full_name"), 3, "table")
    found = stored_tables.info(call.state, catalog, schema, name)
    sample = stored.rows(stored_tables.demand(call.state, catalog, schema, name), _SAMPLE)
    columns, rows = sample if sample is not None else ([], [])
    shown = [[_text(value) for value in row] for row in rows]
    return html.page(call, "table.html", table=found, readable=sample is not None, columns=columns, rows=shown)


def volumes(call: Call) -> Reply:
    """All volumes."""
    found = []
    for catalog in catalogs.known(call.state):
        for schema in schemas.schemas_of(call.state, catalog):
            for name in known_volumes.volumes_of(call.state, catalog, schema):
                found.append(known_volumes.info(call.state, catalog, schema, name))
    return html.page(call, "volumes.html", volumes=found)


def directory(call: Call) -> Reply:
    """A directory of a volume; a file of it is sent as a download."""
    found = place_of(call.state, "/Volumes/" + call.text("path"))
    if found.local.is_file():
        headers = {"content-disposition": "attachment", "x-content-type-options": "nosniff"}
        return Reply(content=found.local, headers=headers)
    if not found.local.is_dir() and not found.is_volume:
        raise missing(f"Nothing is at {found.path[:200]}")
    entries = directories.entries(found) if found.local.is_dir() else []
    parts = found.path.strip("/").split("/")[1:]
    trail = [{"name": name, "path": "/".join(parts[: index + 3])} for index, name in enumerate(parts[2:], start=0)]
    return html.page(call, "directory.html", path=found.path, inner="/".join(parts), trail=trail, entries=entries)


def upload(call: Call) -> Reply:
    """Write a file that a browser sends; one that is there is not replaced."""
    target = place_of(call.state, "/Volumes/" + call.text("path"))
    assert call.upload is not None
    files.write(call.state.uploads, target, call.upload, overwrite=False)
    return Reply(status=204)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
