"""Rules over where expectations stand: names, places where they attach to nothing, their negation in a filter."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.finding import Found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.rules.pipelines.code import at, pipelines_in, unique
from lakeflow_local.check.rules.pipelines.examples import pipeline, python
from lakeflow_local.check.target import CheckedTarget

_DOCS = "https://docs.databricks.com/aws/en/ldp/developer/ldp-python-ref-expectations"
_BODY = 'def orders():\n    return spark.read.table("samples.tpch.orders")\n'
_KEYED = '@dp.expect("keyed", "o_orderkey IS NOT NULL")\n'


@rule(
    id="expectation-name-twice",
    family="pipelines",
    severity="warning",
    basis="documented",
    reason="Names of expectations are unique in a dataset: the counts of two with one name cannot be told apart.",
    fact=_DOCS,
    fix="Give each a name of its own.",
    bad=pipeline(
        orders_py=python(f'@dp.materialized_view\n{_KEYED}@dp.expect("keyed", "o_custkey IS NOT NULL")  # <--\n{_BODY}')
    ),
    good=pipeline(
        orders_py=python(f'@dp.materialized_view\n{_KEYED}@dp.expect("of_customer", "o_custkey IS NOT NULL")\n{_BODY}')
    ),
)
@unique
def expectation_name_twice(target: CheckedTarget) -> Iterator[Found]:
    """Two rules of one dataset with one name and different conditions."""
    for code in pipelines_in(target):
        for dataset in code.datasets:
            seen: dict[str, str | None] = {}
            for one in dataset.expectations:
                if one.name in seen:
                    yield at(code, one.place, f"{dataset.name} has two expectations named '{one.name}'")
                seen[one.name] = one.predicate


@rule(
    id="expectation-without-dataset",
    family="pipelines",
    severity="warning",
    basis="documented",
    reason="An expectation belongs to the dataset whose function it decorates; anywhere else it checks nothing, "
    "without a word.",
    fact=_DOCS,
    fix="Write it as a decorator between the one of the dataset and the function.",
    bad=pipeline(
        orders_py=python(
            "@dp.materialized_view\ndef orders():\n"
            '    dp.expect_or_drop("keyed", "o_orderkey IS NOT NULL")  # <--\n'
            '    return spark.read.table("samples.tpch.orders")\n'
        )
    ),
    good=pipeline(
        orders_py=python(f'@dp.materialized_view\n@dp.expect_or_drop("keyed", "o_orderkey IS NOT NULL")\n{_BODY}')
    ),
)
@unique
def expectation_without_dataset(target: CheckedTarget) -> Iterator[Found]:
    """Calls inside a dataset function or at the top level, and decorators over a function that is no dataset."""
    for code in pipelines_in(target):
        for file in code.files:
            for remark in file.remarks:
                if remark.kind in ("body", "loose"):
                    yield at(code, remark.place, remark.message)


@rule(
    id="expectation-on-flow",
    family="pipelines",
    severity="error",
    basis="documented",
    reason="Expectations cannot be defined on an append flow: they belong to the table that it writes into.",
    fact="https://docs.databricks.com/aws/en/ldp/developer/ldp-python-ref-append-flow",
    fix="Give them to `create_streaming_table` as `expect_all`, `expect_all_or_drop` or `expect_all_or_fail`.",
    bad=pipeline(
        orders_py=python(
            'dp.create_streaming_table("orders")\n\n\n@dp.append_flow(target="orders")  # <--\n'
            '@dp.expect("keyed", "o_orderkey IS NOT NULL")\ndef eu():\n'
            '    return spark.readStream.table("samples.tpch.orders")\n'
        )
    ),
    good=pipeline(
        orders_py=python(
            'dp.create_streaming_table("orders", expect_all={"keyed": "o_orderkey IS NOT NULL"})\n\n\n'
            '@dp.append_flow(target="orders")\ndef eu():\n'
            '    return spark.readStream.table("samples.tpch.orders")\n'
        )
    ),
)
@unique
def expectation_on_flow(target: CheckedTarget) -> Iterator[Found]:
    """Expectations over the function of a flow."""
    for code in pipelines_in(target):
        for flow in code.flows:
            if flow.has_expectations:
                yield at(code, flow.place, f"flow {flow.name} has expectations, which belong to {flow.target}")


_RULES = 'RULES = {"priced": "o_totalprice > 0", "keyed": "o_orderkey IS NOT NULL"}\n'
_EACH = 'BROKEN = " OR ".join(f"NOT coalesce({rule}, false)" for rule in RULES.values())\n\n\n'
_QUARANTINE = (
    '@dp.materialized_view\ndef quarantine():\n    return spark.read.table("samples.tpch.orders").where(BROKEN)\n'
)


@rule(
    id="quarantine-loses-null",
    family="pipelines",
    severity="warning",
    basis="documented",
    reason="NOT (a AND b) is NULL where one of the rules is NULL and the others hold: such a row breaks the "
    "expectation "
    "and is not in the quarantine either, so it is nowhere.",
    fact="platform facts, Expectations: the usual quarantine snippet loses every row for which a rule is NULL",
    fix="Negate each rule by itself: NOT coalesce(rule, false), joined by OR.",
    bad=pipeline(
        orders_py=python(
            f'{_RULES}BROKEN = "NOT({{0}})".format(" AND ".join(RULES.values()))  # <--\n\n\n{_QUARANTINE}'
        )
    ),
    good=pipeline(orders_py=python(_RULES + _EACH + _QUARANTINE)),
    drill="quarantine_loses_nulls",
)
@unique
def quarantine_loses_null(target: CheckedTarget) -> Iterator[Found]:
    """A filter that negates all rules together."""
    for code in pipelines_in(target):
        for file in code.files:
            for remark in file.remarks:
                if remark.kind == "quarantine":
                    yield at(code, remark.place, remark.message)
