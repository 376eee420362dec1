"""The flows of SQL: CREATE FLOW, the FLOW clause of a table, and the queries of both."""

from __future__ import annotations

from typing import Any

from lakeflow_local.pipelines.model.flow_checks import checked_replace
from lakeflow_local.pipelines.model.model import CdcFlow, Flow, SnapshotFlow
from lakeflow_local.pipelines.sql.sql_cdc import read_cdc
from lakeflow_local.pipelines.sql.sql_cursor import Cursor, names_in
from lakeflow_local.pipelines.sql.sql_query import read_query
from lakeflow_local.pipelines.sql.sql_state import SqlState

AnyFlow = Flow | CdcFlow | SnapshotFlow


def read_flow(cursor: Cursor, state: SqlState) -> AnyFlow:
    """A flow, from behind CREATE FLOW.

    Raises:
        UserError: for a clause that is not known.
    """
    name = cursor.name()
    if cursor.take("COMMENT"):
        cursor.string()
    cursor.expect("AS")
    if cursor.take("AUTO", "CDC") or cursor.take("APPLY", "CHANGES"):
        once = cursor.take("ONCE")
        cursor.expect("INTO")
        once = cursor.take("ONCE") or once
        return read_cdc(cursor, state, state.qualified(cursor.name()), name, once=once)
    cursor.expect("INSERT")
    once = cursor.take("ONCE")
    cursor.expect("INTO")
    once = cursor.take("ONCE") or once
    return _insert(cursor, state, state.qualified(cursor.name()), name, once=once)


def read_inline_flow(cursor: Cursor, state: SqlState, target: str) -> AnyFlow:
    """The flow of a table's own declaration, from behind FLOW; it has the table's name."""
    if cursor.take("AUTO", "CDC"):
        return read_cdc(cursor, state, target, target, once=cursor.take("ONCE"))
    is_insert = cursor.take("INSERT")
    if not is_insert and cursor.words(1).upper() != "REPLACE":
        raise cursor.error(f"{target}: behind FLOW comes INSERT, REPLACE or AUTO CDC, not '{cursor.words(2)}'")
    once = is_insert and cursor.take("ONCE")
    return _insert(cursor, state, target, target, once=once)


def _insert(cursor: Cursor, state: SqlState, target: str, name: str, *, once: bool) -> Flow:
    """`[BY NAME] [REPLACE …] [BY NAME] query`."""
    given: dict[str, Any] = {"once": once, "spark_conf": dict(state.spark_conf)}
    cursor.take("BY", "NAME")
    if cursor.take("REPLACE", "WHERE"):
        given["replace_where"] = cursor.until("BY", "SELECT", "WITH", "FROM", "TABLE", "VALUES")
    elif cursor.take("REPLACE", "USING"):
        given["replace_using"] = names_in(cursor.parenthesised())
        cursor.expect("SEQUENCE", "BY")
        given["sequence_by"] = cursor.until("BY", "SELECT", "WITH", "FROM", "TABLE", "VALUES")
    elif cursor.take("REPLACE"):
        raise cursor.error(f"flow {name}: a flow has REPLACE WHERE or REPLACE USING, not REPLACE {cursor.words(1)}")
    cursor.take("BY", "NAME")
    return checked_replace(Flow(name, target, read_query(cursor, state), cursor.place, **given))
