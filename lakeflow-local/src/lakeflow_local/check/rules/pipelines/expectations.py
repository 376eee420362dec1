"""Rules over the conditions of expectations: what cannot be evaluated, is never true, or is NULL by accident."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.datasets import predicates
from lakeflow_local.check.datasets.model import Dataset, Expectation
from lakeflow_local.check.datasets.reading import PipelineCode
from lakeflow_local.check.finding import Found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.rules.pipelines.code import at, pipelines_in, unique
from lakeflow_local.check.rules.pipelines.examples import pipeline, python
from lakeflow_local.check.target import CheckedTarget

_DOCS = "https://docs.databricks.com/aws/en/ldp/expectations"
_NULL_FACT = "platform facts, Expectations: a row passes only if the predicate IS TRUE, so NULL is a violation"
_FEWEST, _SHARE = 5, 0.8  # conditions of a pipeline, and the part of them that is never NULL, for a habit


def _orders(*rules: str) -> dict[str, str]:
    body = 'def orders():\n    return spark.read.table("samples.tpch.orders")\n'
    return pipeline(orders_py=python("@dp.materialized_view\n" + "".join(f"{rule}\n" for rule in rules) + body))


def _conditions(target: CheckedTarget) -> Iterator[tuple[PipelineCode, Dataset, Expectation, str]]:
    for code in pipelines_in(target):
        for dataset in code.datasets:
            for one in dataset.expectations:
                if one.predicate is not None:
                    yield code, dataset, one, one.predicate


@rule(
    id="expectation-not-evaluable",
    family="pipelines",
    severity="error",
    basis="documented",
    reason="The condition of an expectation is a SQL expression over the columns of one row; the update fails "
    "otherwise.",
    fact=_DOCS,
    fix="Write a condition that Spark can evaluate for each row.",
    bad=_orders('@dp.expect("priced", "o_totalprice IS NOT NUL")  # <--'),
    good=_orders('@dp.expect("priced", "o_totalprice IS NOT NULL")'),
)
@unique
def expectation_not_evaluable(target: CheckedTarget) -> Iterator[Found]:
    """Conditions that do not parse, are no conditions, aggregate, or hold a subquery."""
    for code, _, one, predicate in _conditions(target):
        if problem := predicates.problem(predicate):
            yield at(code, one.place, f"expectation '{one.name}' cannot be evaluated: {problem}")


@rule(
    id="expectation-never-true",
    family="pipelines",
    severity="error",
    basis="documented",
    reason="A comparison with NULL is NULL, and a row passes only where the condition is true: every row is a "
    "violation.",
    fact="https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-null-semantics",
    fix="Write IS NULL, IS NOT NULL or <=>.",
    bad=_orders('@dp.expect_or_drop("priced", "o_totalprice <> NULL")  # <--'),
    good=_orders('@dp.expect_or_drop("priced", "o_totalprice IS NOT NULL")'),
)
@unique
def expectation_never_true(target: CheckedTarget) -> Iterator[Found]:
    """Conditions that are NULL for every row."""
    for code, _, one, predicate in _conditions(target):
        if why := predicates.never_true(predicate):
            yield at(code, one.place, f"expectation '{one.name}' is met by no row: {why}")


@rule(
    id="expectation-may-be-null",
    family="pipelines",
    severity="warning",
    basis="documented",
    reason="A row passes only where the condition is true. Where it is NULL the row is dropped, or the update fails, "
    "although the condition names nothing that the row has; and a filter NOT (condition) does not find it either.",
    fact=_NULL_FACT,
    fix="Say what a missing value means: `x IS NULL OR x <> 'a'`, `x IS NOT NULL AND x <> 'a'`, or coalesce(…, false).",
    bad=_orders('@dp.expect_or_drop("not_cancelled", "o_orderstatus <> \'cancelled\'")  # <--'),
    good=_orders('@dp.expect_or_drop("not_cancelled", "coalesce(o_orderstatus <> \'cancelled\', true)")'),
    drill="quarantine_loses_nulls",
)
@unique
def expectation_may_be_null(target: CheckedTarget) -> Iterator[Found]:
    """Three cases that are no matter of taste.

    A condition that removes rows and only says what a value is not, so that missing values are refused by silence; one
    of which a part is made true or false where it is NULL, and another part is not; and one that may be NULL in a
    pipeline whose other conditions are written so that they never are.
    """
    for code, dataset, one, predicate in _conditions(target):
        nulls = predicates.nullable_by(predicate)
        if nulls and dataset.query is not None:
            nulls -= dataset.query.filled
        if not nulls or predicates.never_true(predicate):
            continue
        columns = ", ".join(sorted(nulls))
        if one.action != "warn" and predicates.is_all_negative(predicate):
            yield at(
                code, one.place, f"expectation '{one.name}' refuses rows in which {columns} is NULL, without saying so"
            )
        elif predicates.is_half_guarded(predicate):
            message = (
                f"expectation '{one.name}' guards a part against NULL, and is NULL all the same where {columns} is"
            )
            yield at(code, one.place, message)
        elif _is_never_null_by_habit(code):
            message = f"expectation '{one.name}' is NULL where {columns} is; the others of this pipeline never are"
            yield at(code, one.place, message)


def _is_never_null_by_habit(code: PipelineCode) -> bool:
    known = {
        one.predicate: predicates.nullable_by(one.predicate)
        for dataset in code.datasets
        for one in dataset.expectations
        if one.predicate is not None
    }
    # `x IS NOT NULL` alone shows no habit: it cannot be written otherwise.
    judged = [(text, nulls) for text, nulls in known.items() if nulls is not None and not predicates.is_null_test(text)]
    safe = sum(not nulls for _, nulls in judged)
    return len(judged) >= _FEWEST and safe >= _SHARE * len(judged)


@rule(
    id="expectation-unknown-column",
    family="pipelines",
    severity="warning",
    basis="documented",
    reason="A condition is about the columns of the dataset that it stands over. With another the update fails, or "
    "judges a column that the dataset does not have.",
    fact=_DOCS,
    fix="Correct the name, or select the column.",
    bad=pipeline(
        orders_sql="CREATE MATERIALIZED VIEW orders (\n"
        "  CONSTRAINT priced EXPECT (price > 0)  -- <--\n"
        ") AS SELECT o_orderkey, o_totalprice FROM samples.tpch.orders;\n"
    ),
    good=pipeline(
        orders_sql="CREATE MATERIALIZED VIEW orders (\n"
        "  CONSTRAINT priced EXPECT (o_totalprice > 0)\n"
        ") AS SELECT o_orderkey, o_totalprice FROM samples.tpch.orders;\n"
    ),
)
@unique
def expectation_unknown_column(target: CheckedTarget) -> Iterator[Found]:
    """Columns that the query of the dataset surely does not give.

    No error: Spark finds some such columns below the query, and whether the platform does so here is not known.
    """
    for code, dataset, one, predicate in _conditions(target):
        known = dataset.query.columns if dataset.query is not None else None
        named = predicates.columns(predicate)
        if known is None or named is None:
            continue
        there = {column.lower() for column in known}
        for column in sorted(named):
            if column.lower() not in there and not column.startswith("_"):  # _metadata and the like come with files
                message = f"expectation '{one.name}' names {column}, and {dataset.name} has {', '.join(known)}"
                yield at(code, one.place, message)
