"""The flows of SQL: CREATE FLOW with INSERT INTO or AUTO CDC INTO, and the older APPLY CHANGES INTO."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lakeflow_local.pipelines.model.flow_checks import checked, scd_type_of
from lakeflow_local.pipelines.model.model import CdcFlow, Flow, Place, fail
from lakeflow_local.pipelines.model.names import quote
from lakeflow_local.pipelines.sql.sql_cursor import OPEN, Cursor, names_in

_CDC_CLAUSES = ("IGNORE", "APPLY", "SEQUENCE", "SYSTEM", "COLUMNS", "STORED", "TRACK")


def read_flow(cursor: Cursor) -> Flow | CdcFlow:
    """A flow, from behind CREATE FLOW."""
    name = cursor.name()
    if cursor.take("COMMENT"):
        cursor.string()
    cursor.expect("AS")
    if cursor.take("AUTO", "CDC"):
        once = cursor.take("ONCE")
        cursor.expect("INTO")
        return read_cdc(cursor, cursor.name(), name, once=once)
    cursor.expect("INSERT", "INTO")
    once = cursor.take("ONCE")
    target = cursor.name()
    if cursor.take("REPLACE"):
        raise cursor.error(f"flow {name}: lakeflow-local does not support INSERT INTO … REPLACE yet")
    cursor.take("BY", "NAME")
    return Flow(name, target, read_query(cursor), cursor.place, once=once)


def read_cdc(cursor: Cursor, target: str, name: str, *, once: bool) -> CdcFlow:
    """An AUTO CDC flow, from its FROM to the end of the statement."""
    cursor.expect("FROM")
    stream = cursor.take("STREAM")
    wrapped = stream and cursor.is_next(OPEN)
    source = cursor.parenthesised().strip() if wrapped else cursor.name()
    given: dict[str, Any] = {"once": once}
    cursor.expect("KEYS")
    given["keys"] = names_in(cursor.parenthesised())
    while not cursor.is_at_end:
        if cursor.take("IGNORE", "NULL", "UPDATES", "ON"):
            given.update(_chosen(cursor, "ignore_null_updates_"))
        elif cursor.take("IGNORE", "NULL", "UPDATES"):
            given["ignore_null_updates"] = True
        elif cursor.take("APPLY", "AS", "DELETE", "WHEN"):
            given["apply_as_deletes"] = cursor.until(*_CDC_CLAUSES)
        elif cursor.take("APPLY", "AS", "TRUNCATE", "WHEN"):
            given["apply_as_truncates"] = cursor.until(*_CDC_CLAUSES)
        elif cursor.take("SEQUENCE", "BY"):
            given["sequence_by"] = cursor.until(*_CDC_CLAUSES)
        elif cursor.take("SYSTEM", "SEQUENCE", "BY") or cursor.take("COLUMNS", "TO", "UPDATE"):
            raise cursor.error("lakeflow-local does not support SYSTEM SEQUENCE BY and COLUMNS TO UPDATE yet")
        elif cursor.take("COLUMNS"):
            given.update(_chosen(cursor, ""))
        elif cursor.take("STORED", "AS", "SCD", "TYPE"):
            given["scd_type"] = scd_type_of(target, cursor.word(), cursor.place)
        elif cursor.take("STORED", "AS", "BITEMPORAL"):
            raise cursor.error("lakeflow-local does not support BITEMPORAL targets yet")
        elif cursor.take("TRACK", "HISTORY", "ON"):
            given.update(_chosen(cursor, "track_history_"))
        else:
            raise cursor.error(f"unexpected '{cursor.words(3)}' in the AUTO CDC flow into {target}")
    if "sequence_by" not in given:
        raise cursor.error(f"the AUTO CDC flow into {target} needs SEQUENCE BY")
    flow = CdcFlow(name=name, target=target, source=source, place=cursor.place, **given)
    return checked(flow)


def _chosen(cursor: Cursor, prefix: str) -> dict[str, tuple[str, ...]]:
    """`(a, b)`, `a, b` or `* EXCEPT (a, b)`, as an argument of an AUTO CDC flow."""
    form = "except_column_list" if cursor.take("*", "EXCEPT") else "column_list"
    return {prefix + form: names_in(cursor.parenthesised() if cursor.is_next(OPEN) else cursor.until(*_CDC_CLAUSES))}


def read_query(cursor: Cursor, columns: Sequence[tuple[str, str | None]] = ()) -> Callable[[], Any]:
    """The rest of the statement as a query function, its columns under other names with comments if so declared."""
    if cursor.is_at_end:
        raise cursor.error("a query is missing")
    text, place = cursor.slice(cursor.at, len(cursor.tokens)), cursor.place

    def run_query() -> Any:
        from pyspark.sql import SparkSession

        frame = SparkSession.builder.getOrCreate().sql(text)
        return _under_names(frame, columns, place) if columns else frame

    return run_query


def _under_names(frame: Any, columns: Sequence[tuple[str, str | None]], place: Place) -> Any:
    from pyspark.sql import functions as F

    if len(columns) != len(frame.columns):
        message = f"the list names {len(columns)} columns, and the query gives {len(frame.columns)}"
        raise fail(message, place)
    renamed = frame.toDF(*(name for name, _ in columns))
    described = [{} if comment is None else {"metadata": {"comment": comment}} for _, comment in columns]
    return renamed.select(
        *(F.col(quote(name)).alias(name, **more) for (name, _), more in zip(columns, described, strict=True))
    )
