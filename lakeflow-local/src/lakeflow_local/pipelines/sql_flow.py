"""The flows of SQL: CREATE FLOW with INSERT INTO or AUTO CDC INTO, and the older APPLY CHANGES INTO."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.declare_cdc import checked, scd_type_of
from lakeflow_local.pipelines.model import CdcFlow, Flow, Place
from lakeflow_local.pipelines.names import quote
from lakeflow_local.pipelines.sql_cursor import OPEN, Cursor, names_in

_CDC_CLAUSES = ("IGNORE", "APPLY", "SEQUENCE", "SYSTEM", "COLUMNS", "STORED", "TRACK")


class FlowReader(Cursor):
    """Reads flows, and the query of any statement."""

    def _flow(self) -> None:
        name = self._name()
        if self._take("COMMENT"):
            self._string()
        self._expect("AS")
        if self._take("AUTO", "CDC"):
            once = self._take("ONCE")
            self._expect("INTO")
            return self._cdc(self._name(), name, once=once)
        self._expect("INSERT", "INTO")
        once = self._take("ONCE")
        target = self._name()
        if self._take("REPLACE"):
            raise self._error(f"flow {name}: lakeflow-local does not support INSERT INTO … REPLACE yet")
        self._take("BY", "NAME")
        self._registry.add_flow(Flow(name, target, self._query(), self._place, once=once))

    def _cdc(self, target: str, name: str, *, once: bool) -> None:
        self._expect("FROM")
        stream = self._take("STREAM")
        wrapped = stream and self._is(OPEN)
        source = self._parenthesised().strip() if wrapped else self._name()
        given: dict[str, Any] = {"once": once}
        self._expect("KEYS")
        given["keys"] = names_in(self._parenthesised())
        while self._at < len(self._stream):
            if self._take("IGNORE", "NULL", "UPDATES", "ON"):
                given.update(self._chosen("ignore_null_updates_"))
            elif self._take("IGNORE", "NULL", "UPDATES"):
                given["ignore_null_updates"] = True
            elif self._take("APPLY", "AS", "DELETE", "WHEN"):
                given["apply_as_deletes"] = self._until(*_CDC_CLAUSES)
            elif self._take("APPLY", "AS", "TRUNCATE", "WHEN"):
                given["apply_as_truncates"] = self._until(*_CDC_CLAUSES)
            elif self._take("SEQUENCE", "BY"):
                given["sequence_by"] = self._until(*_CDC_CLAUSES)
            elif self._take("SYSTEM", "SEQUENCE", "BY") or self._take("COLUMNS", "TO", "UPDATE"):
                raise self._error("lakeflow-local does not support SYSTEM SEQUENCE BY and COLUMNS TO UPDATE yet")
            elif self._take("COLUMNS"):
                given.update(self._chosen(""))
            elif self._take("STORED", "AS", "SCD", "TYPE"):
                given["scd_type"] = scd_type_of(target, self._word(), self._place)
            elif self._take("STORED", "AS", "BITEMPORAL"):
                raise self._error("lakeflow-local does not support BITEMPORAL targets yet")
            elif self._take("TRACK", "HISTORY", "ON"):
                given.update(self._chosen("track_history_"))
            else:
                raise self._error(f"unexpected '{self._words(3)}' in the AUTO CDC flow into {target}")
        if "sequence_by" not in given:
            raise self._error(f"the AUTO CDC flow into {target} needs SEQUENCE BY")
        flow = CdcFlow(name=name, target=target, source=source, place=self._place, **given)
        self._registry.add_flow(checked(flow))

    def _chosen(self, prefix: str) -> dict[str, tuple[str, ...]]:
        """`(a, b)`, `a, b` or `* EXCEPT (a, b)`, as an argument of an AUTO CDC flow."""
        form = "except_column_list" if self._take("*", "EXCEPT") else "column_list"
        return {prefix + form: names_in(self._parenthesised() if self._is(OPEN) else self._until(*_CDC_CLAUSES))}

    def _query(self, columns: Sequence[tuple[str, str | None]] = ()) -> Callable[[], Any]:
        """The rest of the statement as a query function, its columns under other names with comments if so declared."""
        if self._at >= len(self._stream):
            raise self._error("a query is missing")
        text, place = self._slice(self._at, len(self._stream)), self._place

        def run_query() -> Any:
            from pyspark.sql import SparkSession

            frame = SparkSession.builder.getOrCreate().sql(text)
            return _under_names(frame, columns, place) if columns else frame

        return run_query


def _under_names(frame: Any, columns: Sequence[tuple[str, str | None]], place: Place) -> Any:
    from pyspark.sql import functions as F

    if len(columns) != len(frame.columns):
        message = f"the list names {len(columns)} columns, and the query gives {len(frame.columns)}"
        raise UserError(message, file=place.file, line=place.line)
    renamed = frame.toDF(*(name for name, _ in columns))
    described = [{} if comment is None else {"metadata": {"comment": comment}} for _, comment in columns]
    return renamed.select(
        *(F.col(quote(name)).alias(name, **more) for (name, _), more in zip(columns, described, strict=True))
    )
