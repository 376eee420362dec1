"""`pyspark.pipelines` as Databricks has it: datasets with their expectations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lakeflow_local.pipelines.declare.declaring import as_text, caller, column_names, declarations, refuse_arguments
from lakeflow_local.pipelines.model.declarations import merge_expectations
from lakeflow_local.pipelines.model.flow_checks import checked_replace
from lakeflow_local.pipelines.model.model import (
    Dataset,
    Expectation,
    Flow,
    Kind,
    Place,
    Severity,
    Supplied,
    fail,
)
from lakeflow_local.pipelines.sql.sql_columns import read_schema

Query = Callable[[], Any]

# Accepted because Databricks has them, without an effect on one machine.
_WITHOUT_EFFECT = {
    "path",
    "temporary",
    "row_filter",
    "cluster_by_auto",
    "format",
    "refresh_policy",
    "private",
}


# Said once if it is given: the platform acts on it, or keeps it in its catalog.
_SAID = ("row_filter", "path", "refresh_policy")


_REPLACING = ("replace_where", "replace_using", "sequence_by")


def _check_arguments(function: str, others: Mapping[str, Any], place: Place) -> None:
    """Refuse what is not known, and note what has no effect here."""
    refuse_arguments(function, {key: value for key, value in others.items() if key not in _WITHOUT_EFFECT}, place)
    for key in _SAID:
        if others.get(key) is not None:
            declarations().ignore(key, place)


def _columns(schema: Any, place: Place) -> tuple[Any, tuple[Supplied, ...]]:
    """A `schema=` as Spark reads it, and the columns in it to which the table gives a value."""
    return read_schema(schema, place, declarations()) if isinstance(schema, str) else (schema, ())


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
        place = caller()
        replacing = {key: others.pop(key) for key in _REPLACING if key in others and kind is Kind.TABLE}
        _check_arguments(f"@{decorator}", others, place)
        if name is not None and not isinstance(name, str):
            raise fail(f"@{decorator}: name must be a string, not {type(name).__name__}", place)

        def register(function: Query) -> Query:
            if not callable(function):
                raise fail(f"@{decorator} decorates a function that returns a DataFrame", place)
            target = name or function.__name__
            flow = Flow(
                target,
                target,
                function,
                place,
                replace_where=replacing.get("replace_where"),
                replace_using=column_names(replacing.get("replace_using")) or (),
                sequence_by=replacing.get("sequence_by"),
            )
            ddl, supplied = _columns(schema, place)
            dataset = Dataset(
                name=target,
                # dlt's @table(temporary=True) is a table that stays out of the catalog; here it is stored all the same.
                kind=Kind.STREAMING_TABLE if flow.replaces else kind,
                place=place,
                comment=comment,
                schema=ddl,
                supplied=supplied,
                partition_cols=tuple(partition_cols or ()),
                cluster_by=tuple(cluster_by or ()),
                properties=as_text(table_properties),
                spark_conf=as_text(spark_conf),
                private=bool(others.get("private") or others.get("temporary")),
            )
            declarations().add_dataset(dataset, checked_replace(flow))
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
        return expect_many({name: condition}, caller())

    def expect_many(rules: Mapping[str, str], place: Place) -> Callable[[Query], Query]:
        for name, condition in rules.items():
            if not isinstance(condition, str):
                raise fail(f"expectation '{name}' must be SQL text, not {type(condition).__name__}", place)
        added = [Expectation(name, condition, severity) for name, condition in rules.items()]

        def attach(function: Query) -> Query:
            # Read reversed at the end, as decorators apply from the bottom up.
            function.__dict__.setdefault("__lakeflow_expectations__", []).extend(reversed(added))
            return function

        return attach

    def expect_all(expectations: Mapping[str, str]) -> Callable[[Query], Query]:
        return expect_many(expectations, caller())

    chosen: Callable[..., Any] = expect_all if decorator.startswith("expect_all") else expect
    chosen.__name__ = chosen.__qualname__ = decorator
    return chosen


expect = _expect_decorator(Severity.WARN, "expect")
expect_or_drop = _expect_decorator(Severity.DROP, "expect_or_drop")
expect_or_fail = _expect_decorator(Severity.FAIL, "expect_or_fail")
expect_all = _expect_decorator(Severity.WARN, "expect_all")
expect_all_or_drop = _expect_decorator(Severity.DROP, "expect_all_or_drop")
expect_all_or_fail = _expect_decorator(Severity.FAIL, "expect_all_or_fail")


def create_streaming_table(name: str, **arguments: Any) -> None:
    """Declare a streaming table that flows write into."""
    _table_of_flows("create_streaming_table", name, is_managed=False, **arguments)


def create_table(name: str, **arguments: Any) -> None:
    """Declare a table that append flows write into: it takes batches as well as streams, and no AUTO CDC."""
    _table_of_flows("create_table", name, is_managed=True, **arguments)


def _table_of_flows(
    function: str,
    name: str,
    *,
    is_managed: bool,
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
    place = caller()
    _check_arguments(function, others, place)
    ddl, supplied = _columns(schema, place)
    given = ((Severity.WARN, expect_all), (Severity.DROP, expect_all_or_drop), (Severity.FAIL, expect_all_or_fail))
    rules = [
        Expectation(rule, predicate, severity) for severity, many in given for rule, predicate in (many or {}).items()
    ]
    declarations().add_dataset(
        Dataset(
            name=name,
            kind=Kind.STREAMING_TABLE,
            place=place,
            comment=comment,
            schema=ddl,
            supplied=supplied,
            is_managed=is_managed,
            partition_cols=tuple(partition_cols or ()),
            cluster_by=tuple(cluster_by or ()),
            properties=as_text(table_properties),
            spark_conf=as_text(spark_conf),
            expectations=merge_expectations(name, rules, place),
        )
    )
