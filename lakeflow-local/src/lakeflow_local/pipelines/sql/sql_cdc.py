"""AUTO CDC in SQL, from a stream of changes or from snapshots, and the older APPLY CHANGES."""

from __future__ import annotations

from typing import Any

from sqlglot.tokens import TokenType

from lakeflow_local.pipelines.model.flow_checks import check_keys_and_history, checked, scd_type_of
from lakeflow_local.pipelines.model.model import BITEMPORAL, CdcFlow, SnapshotFlow
from lakeflow_local.pipelines.sql.sql_cursor import OPEN, Cursor, names_in
from lakeflow_local.pipelines.sql.sql_query import query_of
from lakeflow_local.pipelines.sql.sql_state import SqlState

_CLAUSES = ("IGNORE", "APPLY", "SEQUENCE", "SYSTEM", "COLUMNS", "STORED", "TRACK", "WHERE")


def read_cdc(cursor: Cursor, state: SqlState, target: str, name: str, *, once: bool) -> CdcFlow | SnapshotFlow:
    """An AUTO CDC flow, from its FROM to the end of the statement.

    Raises:
        UserError: for a clause that is missing or not known, or clauses that contradict each other.
    """
    cursor.expect("FROM")
    if cursor.take("SNAPSHOT"):
        return _snapshots(cursor, state, target, name, once=once)
    given: dict[str, Any] = {"once": once, "spark_conf": dict(state.spark_conf)}
    given["source"] = _source(cursor, state)
    cursor.expect("KEYS")
    given["keys"] = names_in(cursor.parenthesised())
    while not cursor.is_at_end:
        if cursor.take("IGNORE", "NULL", "UPDATES", "ON"):
            given.update(_chosen(cursor, "ignore_null_updates_"))
        elif cursor.take("IGNORE", "NULL", "UPDATES"):
            given["ignore_null_updates"] = True
        elif cursor.take("APPLY", "AS", "DELETE", "WHEN"):
            given["apply_as_deletes"] = cursor.until(*_CLAUSES)
        elif cursor.take("APPLY", "AS", "TRUNCATE", "WHEN"):
            given["apply_as_truncates"] = cursor.until(*_CLAUSES)
        elif cursor.take("SEQUENCE", "BY"):
            given["sequence_by"] = cursor.until(*_CLAUSES)
        elif cursor.take("SYSTEM", "SEQUENCE", "BY"):
            given["system_sequence_by"] = cursor.until(*_CLAUSES)
        elif cursor.take("COLUMNS", "TO", "UPDATE"):
            raise cursor.error("lakeflow-local does not support COLUMNS TO UPDATE yet")
        elif cursor.take("COLUMNS"):
            given.update(_chosen(cursor, ""))
        elif cursor.take("STORED", "AS", "SCD", "TYPE"):
            given["scd_type"] = scd_type_of(target, cursor.word(), cursor.place)
        elif cursor.take("STORED", "AS", "BITEMPORAL"):
            given["scd_type"] = BITEMPORAL
        elif cursor.take("TRACK", "HISTORY", "ON"):
            given.update(_chosen(cursor, "track_history_"))
        elif cursor.take("WHERE"):
            given["where"] = cursor.until(*_CLAUSES)
        else:
            raise cursor.error(f"unexpected '{cursor.words(3)}' in the AUTO CDC flow into {target}")
    if "sequence_by" not in given:
        raise cursor.error(f"the AUTO CDC flow into {target} needs SEQUENCE BY")
    return checked(CdcFlow(name=name, target=target, place=cursor.place, **given))


def _source(cursor: Cursor, state: SqlState) -> Any:
    """The name of a table or view; or a query, if anything but a name is read."""
    start = cursor.at
    text = cursor.until("KEYS")
    end = cursor.at
    cursor.at = start
    stream = cursor.take("STREAM")
    first, last = (cursor.at + 1, end - 1) if stream and cursor.is_next(OPEN) else (cursor.at, end)
    if first >= last:
        raise cursor.error("AUTO CDC: the source is missing behind FROM")
    inside = cursor.within(first, last)
    is_name = all(_is_part(index, inside) for index in range(len(inside.tokens)))
    wrapped = cursor.is_next(OPEN) and cursor.closing(cursor.at) == end - 1
    cursor.at = end
    if is_name:
        return state.qualified(inside.slice(0, len(inside.tokens)))
    if wrapped and not stream:
        return query_of(cursor.slice(start + 1, end - 1), state, cursor.place)
    return query_of(f"SELECT * FROM {text}", state, cursor.place)


def _is_part(index: int, inside: Cursor) -> bool:
    kind = inside.tokens[index].token_type
    return kind is TokenType.DOT if index % 2 else kind not in (TokenType.L_PAREN, TokenType.STRING, TokenType.SELECT)


def _snapshots(cursor: Cursor, state: SqlState, target: str, name: str, *, once: bool) -> SnapshotFlow:
    """`FROM SNAPSHOT (query)`: the rows of the query at each update are a snapshot."""
    if cursor.is_next(OPEN):
        query = query_of(cursor.parenthesised(), state, cursor.place)
    else:
        query = query_of(f"SELECT * FROM {cursor.name()}", state, cursor.place)
    if cursor.take("WITH", "VERSION"):
        raise cursor.error(f"AUTO CDC FROM SNAPSHOT into {target}: lakeflow-local does not support WITH VERSION yet")
    given: dict[str, Any] = {"once": once, "spark_conf": dict(state.spark_conf)}
    cursor.expect("KEYS")
    given["keys"] = names_in(cursor.parenthesised())
    while not cursor.is_at_end:
        if cursor.take("STORED", "AS", "SCD", "TYPE"):
            given["scd_type"] = scd_type_of(target, cursor.word(), cursor.place, bitemporal=False)
        elif cursor.take("TRACK", "HISTORY", "ON"):
            given.update(_chosen(cursor, "track_history_"))
        else:
            raise cursor.error(f"unexpected '{cursor.words(3)}' in the AUTO CDC FROM SNAPSHOT flow into {target}")
    flow = SnapshotFlow(name=name, target=target, source=None, query=query, place=cursor.place, **given)
    check_keys_and_history(flow)
    return flow


def _chosen(cursor: Cursor, prefix: str) -> dict[str, tuple[str, ...]]:
    """`(a, b)`, `a, b` or `* EXCEPT (a, b)`, as an argument of an AUTO CDC flow."""
    form = "except_column_list" if cursor.take("*", "EXCEPT") else "column_list"
    return {prefix + form: names_in(cursor.parenthesised() if cursor.is_next(OPEN) else cursor.until(*_CLAUSES))}
