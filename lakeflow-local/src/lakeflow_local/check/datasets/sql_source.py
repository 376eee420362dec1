"""Reads a SQL source file of a pipeline by the engine's own reader of declarations, statement by statement."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakeflow_local.check.datasets import sql_reads
from lakeflow_local.check.datasets.model import Dataset, Expectation, Flow, Kind, Place, Query, Read, SourceFile
from lakeflow_local.errors import UserError
from lakeflow_local.notebooks.notebook_source import cells_of, is_notebook

_DECLARES = re.compile(r"\bCREATE\b|\bAPPLY\s+CHANGES\b|\bAUTO\s+CDC\b", re.IGNORECASE)
_CHANGE_FEED = re.compile(r"\btable_changes\s*\(", re.IGNORECASE)


def read_sql(path: Path, configuration: Mapping[str, str], parameters: Mapping[str, str]) -> SourceFile:
    """What the statements of a file declare; a statement that is not known leaves the file incomplete."""
    from lakeflow_local.pipelines.sql.sql_state import SqlState

    file = SourceFile(path, "sql")
    state = SqlState(parameters=parameters)
    for padding, text in _texts(path, file):
        for key, value in configuration.items():
            text = text.replace("${" + key + "}", value)
        _read_text("\n" * padding + text, path, state, file)
    return file


def _texts(path: Path, file: SourceFile) -> list[tuple[int, str]]:
    try:
        if is_notebook(path):
            return [(cell.line - 1, cell.text) for cell in cells_of(path)[1]]
        return [(0, path.read_text(encoding="utf-8"))]
    except (UserError, OSError, ValueError):
        file.is_complete = False
        return []


def _read_text(text: str, path: Path, state: Any, file: SourceFile) -> None:
    from lakeflow_local.pipelines.model.declarations import Declarations
    from lakeflow_local.pipelines.sql.sql_file import read_statement, statements

    try:
        for cursor in statements(text, path, state):
            declared = Declarations()
            written = cursor.slice(0, len(cursor.tokens))
            try:
                read_statement(cursor, declared, state)
            except UserError:
                # It may be a mistake, and it may be SQL that only the platform knows.
                file.is_complete &= not _DECLARES.search(written)
                continue
            use = (state.catalog, state.schema) if state.schema is not None else None
            _add(declared, written, path, use, file)
    except UserError:
        file.is_complete = False


def _add(declared: Any, written: str, path: Path, use: tuple[str | None, str] | None, file: SourceFile) -> None:
    own = {id(dataset): flow for dataset, flow in declared.own_queries}
    if "${" in written:
        file.is_complete = False
        return
    for found in declared.datasets:
        place = Place(path, found.place.line)
        query = _query(own[id(found)].query, place, use) if id(found) in own else None
        file.datasets.append(
            Dataset(
                found.name,
                _kind(found, query),
                place,
                use,
                properties=dict(found.properties),
                expectations=[
                    Expectation(one.name, one.predicate, one.severity.value, _line_of(one.name, written, place))
                    for one in found.expectations
                ],
                query=query,
            )
        )
    for flow in declared.flows:
        file.flows.append(_flow(flow, Place(path, flow.place.line), use))


def _kind(found: Any, query: Query | None) -> Kind:
    by_name = {"streaming_table": Kind.STREAMING_TABLE, "materialized_view": Kind.MATERIALIZED_VIEW}
    if found.kind.value in by_name:
        return by_name[found.kind.value]
    if found.kind.value == "temporary_view":
        return Kind.VIEW
    streams = query.streams if query is not None else None
    return Kind.UNKNOWN if streams is None else Kind.STREAMING_TABLE if streams else Kind.MATERIALIZED_VIEW


def _query(function: Any, place: Place, use: tuple[str | None, str] | None) -> Query:
    query = sql_reads.query_of(function.__dict__["__lakeflow_text__"], place, use)
    query.columns = function.__dict__["__lakeflow_names__"] or query.columns
    return query


def _flow(flow: Any, place: Place, use: tuple[str | None, str] | None) -> Flow:
    kind = {"CdcFlow": "cdc", "SnapshotFlow": "snapshot"}.get(type(flow).__name__, "append")
    found = Flow(kind, flow.name, flow.target, place, use)
    if kind == "append":
        found.appends = not (flow.once or flow.replaces)
        found.query = _query(flow.query, place, use)
        return found
    found.scd_type = str(flow.scd_type)
    source = flow.query if kind == "snapshot" else flow.source
    if isinstance(source, str):
        found.query.reads.append(Read(source, kind == "cdc", place, source.lower().startswith("live."), {}, use))
    else:
        found.query = _query(source, place, use)
    return found


def _line_of(name: str, written: str, place: Place) -> Place:
    """The line of a constraint in its statement."""
    found = re.search(rf"\bCONSTRAINT\s+`?{re.escape(name)}`?", written, re.IGNORECASE)
    if found is None or place.line is None:
        return place
    return Place(place.file, place.line + written.count("\n", 0, found.start()))
