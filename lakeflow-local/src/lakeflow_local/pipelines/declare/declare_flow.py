"""Flows into a streaming table, a table or a sink, declared by Python: append, replace and update flows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lakeflow_local.pipelines.declare.declaring import as_text, caller, column_names, declarations, refuse_arguments
from lakeflow_local.pipelines.model.flow_checks import checked_replace
from lakeflow_local.pipelines.model.model import Flow, fail

Query = Callable[[], Any]


def append_flow(
    *,
    target: str,
    name: str | None = None,
    once: bool = False,
    comment: str | None = None,
    spark_conf: Mapping[str, str] | None = None,
    **others: Any,
) -> Callable[[Query], Query]:
    """Declare a query that appends to a streaming table; with `once` it runs one time only, over a batch."""
    place = caller()
    refuse_arguments("@append_flow", others, place)

    def register(function: Query) -> Query:
        declarations().add_flow(Flow(name or function.__name__, target, function, place, as_text(spark_conf), once))
        return function

    return register


def replace_flow(
    *,
    target: str,
    replace_using: Sequence[Any] | None = None,
    sequence_by: Any = None,
    replace_where: Any = None,
    name: str | None = None,
    comment: str | None = None,
    spark_conf: Mapping[str, str] | None = None,
    **others: Any,
) -> Callable[[Query], Query]:
    """Declare a query whose rows replace those of a streaming table that have the same keys, or meet a condition.

    Raises:
        UserError: for arguments that contradict each other.
    """
    place = caller()
    refuse_arguments("@replace_flow", others, place)
    if replace_where is None and not replace_using:
        raise fail("@replace_flow needs replace_using with sequence_by", place)

    def register(function: Query) -> Query:
        flow = Flow(
            name or function.__name__,
            target,
            function,
            place,
            as_text(spark_conf),
            replace_where=replace_where,
            replace_using=column_names(replace_using) or (),
            sequence_by=sequence_by,
        )
        declarations().add_flow(checked_replace(flow))
        return function

    return register


def update_flow(
    *,
    target: str,
    name: str | None = None,
    comment: str | None = None,
    spark_conf: Mapping[str, str] | None = None,
    **others: Any,
) -> Callable[[Query], Query]:
    """Declare a streaming query that gives a sink the rows that changed; an aggregation needs no watermark."""
    place = caller()
    refuse_arguments("@update_flow", others, place)

    def register(function: Query) -> Query:
        flow = Flow(name or function.__name__, target, function, place, as_text(spark_conf), sends_updates=True)
        declarations().add_flow(flow)
        return function

    return register
