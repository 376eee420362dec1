"""`pyspark.pipelines` as Databricks has it: the same decorators with its arguments, and what open source Spark lacks.

`install()` puts these functions into `pyspark.pipelines` and makes `import dlt` find them: dataset files run unchanged.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyspark.pipelines.graph_element_registry import get_active_graph_element_registry

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model import (
    CdcFlow,
    Dataset,
    Expectation,
    Flow,
    Kind,
    Place,
    Severity,
    merge_expectations,
)
from lakeflow_local.pipelines.registry import Registry

Query = Callable[[], Any]


def _registry() -> Registry:
    return get_active_graph_element_registry()


def _caller() -> Place:
    """The line of the dataset file that called: the first frame outside of this module."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno) if frame else Place("?")


def _fail(message: str, place: Place) -> UserError:
    return UserError(message, file=place.file, line=place.line)


# Accepted because Databricks has them, without an effect on one machine.
_WITHOUT_EFFECT = {
    "path",
    "temporary",
    "row_filter",
    "cluster_by_auto",
    "spark_conf",
    "format",
    "refresh_policy",
    "private",
}


def _dataset_decorator(kind: Kind, decorator: str) -> Callable[..., Any]:
    def declare(
        query_function: Query | None = None,
        *,
        name: str | None = None,
        comment: str | None = None,
        spark_conf: Mapping[str, str] | None = None,
        table_properties: Mapping[str, str] | None = None,
        partition_cols: Sequence[str] | None = None,
        cluster_by: Sequence[str] | None = None,
        schema: Any = None,
        **others: Any,
    ) -> Any:
        place = _caller()
        unknown = sorted(set(others) - _WITHOUT_EFFECT)
        if unknown:
            raise _fail(f"@{decorator} has no argument {unknown[0]}", place)
        if name is not None and not isinstance(name, str):
            raise _fail(f"@{decorator}: name must be a string, not {type(name).__name__}", place)

        def register(function: Query) -> Query:
            if not callable(function):
                raise _fail(f"@{decorator} decorates a function that returns a DataFrame", place)
            target = name or function.__name__
            dataset = Dataset(
                name=target,
                # dlt's @table(temporary=True) is a table that stays out of the catalog; here it is stored all the same.
                kind=kind,
                place=place,
                comment=comment,
                schema=schema,
                partition_cols=tuple(partition_cols or ()),
                cluster_by=tuple(cluster_by or ()),
                properties={str(key): str(value) for key, value in (table_properties or {}).items()},
                private=bool(others.get("private") or others.get("temporary")),
            )
            _registry().add_dataset(dataset, Flow(target, target, function, place, dict(spark_conf or {})))
            return function

        return register if query_function is None else register(query_function)

    declare.__name__ = declare.__qualname__ = decorator
    declare.__doc__ = f"Declare a {kind.value.replace('_', ' ')} by the function that gives its DataFrame."
    return declare


# Its query decides whether it is a streaming table or a materialized view, as in dlt: Databricks' own templates use it
# for both. In open source Spark it has to be a streaming query.
table = _dataset_decorator(Kind.TABLE, "table")
materialized_view = _dataset_decorator(Kind.MATERIALIZED_VIEW, "materialized_view")
temporary_view = _dataset_decorator(Kind.TEMPORARY_VIEW, "temporary_view")


def _expect_decorator(severity: Severity, decorator: str) -> Callable[..., Any]:
    def expect(name: str, condition: str) -> Callable[[Query], Query]:
        return expect_many({name: condition}, _caller())

    def expect_many(rules: Mapping[str, str], place: Place) -> Callable[[Query], Query]:
        for name, condition in rules.items():
            if not isinstance(condition, str):
                raise _fail(f"expectation '{name}' must be SQL text, not {type(condition).__name__}", place)
        added = [Expectation(name, condition, severity) for name, condition in rules.items()]

        def attach(function: Query) -> Query:
            # Read reversed at the end, as decorators apply from the bottom up.
            function.__dict__.setdefault("__lakeflow_expectations__", []).extend(reversed(added))
            return function

        return attach

    def expect_all(expectations: Mapping[str, str]) -> Callable[[Query], Query]:
        return expect_many(expectations, _caller())

    chosen: Callable[..., Any] = expect_all if decorator.startswith("expect_all") else expect
    chosen.__name__ = chosen.__qualname__ = decorator
    return chosen


expect = _expect_decorator(Severity.WARN, "expect")
expect_or_drop = _expect_decorator(Severity.DROP, "expect_or_drop")
expect_or_fail = _expect_decorator(Severity.FAIL, "expect_or_fail")
expect_all = _expect_decorator(Severity.WARN, "expect_all")
expect_all_or_drop = _expect_decorator(Severity.DROP, "expect_all_or_drop")
expect_all_or_fail = _expect_decorator(Severity.FAIL, "expect_all_or_fail")


def create_streaming_table(
    name: str,
    *,
    comment: str | None = None,
    spark_conf: Mapping[str, str] | None = None,
    table_properties: Mapping[str, str] | None = None,
    partition_cols: Sequence[str] | None = None,
    cluster_by: Sequence[str] | None = None,
    schema: Any = None,
    expect_all: Mapping[str, str] | None = None,
    expect_all_or_drop: Mapping[str, str] | None = None,
    expect_all_or_fail: Mapping[str, str] | None = None,
    **others: Any,
) -> None:
    """Declare a streaming table that flows write into."""
    place = _caller()
    unknown = sorted(set(others) - _WITHOUT_EFFECT)
    if unknown:
        raise _fail(f"create_streaming_table has no argument {unknown[0]}", place)
    given = ((Severity.WARN, expect_all), (Severity.DROP, expect_all_or_drop), (Severity.FAIL, expect_all_or_fail))
    rules = [
        Expectation(rule, predicate, severity) for severity, many in given for rule, predicate in (many or {}).items()
    ]
    _registry().add_dataset(
        Dataset(
            name=name,
            kind=Kind.STREAMING_TABLE,
            place=place,
            comment=comment,
            schema=schema,
            partition_cols=tuple(partition_cols or ()),
            cluster_by=tuple(cluster_by or ()),
            properties={str(key): str(value) for key, value in (table_properties or {}).items()},
            expectations=merge_expectations(name, rules, place),
        )
    )


def append_flow(
    *,
    target: str,
    name: str | None = None,
    once: bool = False,
    comment: str | None = None,
    spark_conf: Mapping[str, str] | None = None,
) -> Callable[[Query], Query]:
    """Declare a query that appends to a streaming table; with `once` it runs one time only, over a batch."""
    place = _caller()

    def register(function: Query) -> Query:
        _registry().add_flow(Flow(name or function.__name__, target, function, place, dict(spark_conf or {}), once))
        return function

    return register


def create_auto_cdc_flow(
    target: str,
    source: str,
    keys: Sequence[Any],
    sequence_by: Any,
    where: Any = None,
    ignore_null_updates: bool = False,
    apply_as_deletes: Any = None,
    apply_as_truncates: Any = None,
    column_list: Sequence[Any] | None = None,
    except_column_list: Sequence[Any] | None = None,
    stored_as_scd_type: int | str | None = 1,
    track_history_column_list: Sequence[Any] | None = None,
    track_history_except_column_list: Sequence[Any] | None = None,
    name: str | None = None,
    flow_name: str | None = None,
    once: bool = False,
    ignore_null_updates_column_list: Sequence[Any] | None = None,
    ignore_null_updates_except_column_list: Sequence[Any] | None = None,
) -> None:
    """Declare an AUTO CDC flow: changes from `source`, in the order of `sequence_by`, applied to `target` by key."""
    place = _caller()
    scd_type = str(stored_as_scd_type or 1)
    if scd_type not in ("1", "2"):
        raise _fail(f"AUTO CDC into {target}: stored_as_scd_type is 1 or 2, not {stored_as_scd_type}", place)
    for one, other, label in (
        (column_list, except_column_list, "column_list"),
        (track_history_column_list, track_history_except_column_list, "track_history_column_list"),
    ):
        if one and other:
            raise _fail(f"AUTO CDC into {target}: {label} and its except form exclude each other", place)
    if not keys:
        raise _fail(f"AUTO CDC into {target}: at least one key is needed", place)
    if scd_type == "2" and apply_as_truncates is not None:
        raise _fail(f"AUTO CDC into {target}: apply_as_truncates works with SCD type 1 only", place)
    for argument, value in (
        ("where", where),
        ("ignore_null_updates_column_list", ignore_null_updates_column_list),
        ("ignore_null_updates_except_column_list", ignore_null_updates_except_column_list),
    ):
        if value is not None:
            raise _fail(f"AUTO CDC into {target}: lakeflow-local does not support the argument {argument} yet", place)
    _registry().add_flow(
        CdcFlow(
            name=flow_name or name or target,
            target=target,
            source=source,
            keys=_column_names(keys) or (),
            sequence_by=sequence_by,
            place=place,
            apply_as_deletes=apply_as_deletes,
            apply_as_truncates=apply_as_truncates,
            column_list=_column_names(column_list),
            except_column_list=_column_names(except_column_list),
            scd_type=int(scd_type),
            track_history_column_list=_column_names(track_history_column_list),
            track_history_except_column_list=_column_names(track_history_except_column_list),
            ignore_null_updates=bool(ignore_null_updates),
            once=once,
        )
    )


def _column_names(columns: Sequence[Any] | None) -> tuple[str, ...] | None:
    if columns is None:
        return None
    return tuple(column if isinstance(column, str) else column._jc.toString().strip("`") for column in columns)


def create_auto_cdc_from_snapshot_flow(target: str, *_: Any, **__: Any) -> None:
    """Refused by name: not supported yet."""
    raise _fail(f"AUTO CDC FROM SNAPSHOT into {target}: lakeflow-local does not support it yet", _caller())


def create_sink(name: str, format: str, options: Mapping[str, str] | None = None) -> None:
    """Refused by name: not supported yet."""
    raise _fail(f"sink {name} (format {format}): lakeflow-local does not support sinks yet", _caller())


def read(name: str) -> Any:
    """A dataset as a batch DataFrame."""
    return _session().read.table(name)


def read_stream(name: str) -> Any:
    """A dataset as a streaming DataFrame."""
    return _session().readStream.table(name)


def _session() -> Any:
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


_EXPECTATIONS = {
    function.__name__: function
    for function in (expect, expect_or_drop, expect_or_fail, expect_all, expect_all_or_drop, expect_all_or_fail)
}

_COMMON = {
    **_EXPECTATIONS,
    "create_streaming_table": create_streaming_table,
    "append_flow": append_flow,
    "create_auto_cdc_flow": create_auto_cdc_flow,
    "create_auto_cdc_from_snapshot_flow": create_auto_cdc_from_snapshot_flow,
    "create_sink": create_sink,
    "read": read,
    "read_stream": read_stream,
}


def install() -> None:
    """Replace the functions of `pyspark.pipelines`, and make `import dlt` find them."""
    import pyspark.pipelines as dp

    for name, function in {
        **_COMMON,
        "table": table,
        "materialized_view": materialized_view,
        "temporary_view": temporary_view,
        "view": temporary_view,
    }.items():
        setattr(dp, name, function)
    dlt = types.ModuleType("dlt", "The older name of `pyspark.pipelines`.")
    for name, function in {
        **_COMMON,
        "table": table,
        "view": temporary_view,
        "temporary_view": temporary_view,
        "materialized_view": materialized_view,
        "create_table": create_streaming_table,
        "create_streaming_live_table": create_streaming_table,
        "create_target_table": create_streaming_table,
        "apply_changes": create_auto_cdc_flow,
        "apply_changes_from_snapshot": create_auto_cdc_from_snapshot_flow,
        "readStream": read_stream,
    }.items():
        setattr(dlt, name, function)
    sys.modules["dlt"] = dlt
