"""Rules over what pipeline code does besides saying what a dataset is."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from lakeflow_local.check.datasets.model import Deed, SourceFile
from lakeflow_local.check.datasets.reading import PipelineCode
from lakeflow_local.check.finding import Found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.rules.pipelines.code import at, pipelines_in, unique
from lakeflow_local.check.rules.pipelines.examples import pipeline, python
from lakeflow_local.check.target import CheckedTarget

_REFERENCE = "https://docs.databricks.com/aws/en/ldp/developer/python-ref"
_DEVELOP = "https://docs.databricks.com/aws/en/ldp/developer/python-dev"


def _in_datasets(target: CheckedTarget) -> Iterator[tuple[PipelineCode, Deed]]:
    """What query functions do, also those in loops, of which no more is known."""
    for code in pipelines_in(target):
        for file in code.files:
            for _, query in file.queries():
                yield from ((code, deed) for deed in query.deeds)
            yield from ((code, deed) for deed in file.at_import.deeds if deed.where is not None)


def _at_import(target: CheckedTarget) -> Iterator[tuple[PipelineCode, SourceFile, Deed]]:
    for code in pipelines_in(target):
        for file in code.files:
            yield from ((code, file, deed) for deed in file.at_import.deeds if deed.where is None)


_ORDERS = 'def orders():\n    orders = spark.read.table("samples.tpch.orders")\n'


@rule(
    id="eager-call-in-dataset",
    family="pipelines",
    severity="warning",
    basis="documented",
    reason="A dataset function is called while the graph is made, and more than once: a call that computes rows or "
    "writes them does so then, on tables that the update has not brought up to date yet.",
    fact=_REFERENCE,
    fix="Return a DataFrame and nothing else: join the figure in, or compute it in a dataset or task of its own.",
    bad=pipeline(
        orders_py=python(
            f"@dp.materialized_view\n{_ORDERS}    if orders.count() == 0:  # <--\n"
            '        raise ValueError("no orders")\n    return orders\n'
        )
    ),
    good=pipeline(
        orders_py=python(f'@dp.materialized_view\n{_ORDERS}    return orders.groupBy("o_custkey").count()\n')
    ),
)
@unique
def eager_call_in_dataset(target: CheckedTarget) -> Iterator[Found]:
    """Calls of a DataFrame or writer that do something at once, in the function of a dataset or in what it calls."""
    for code, deed in _in_datasets(target):
        if deed.kind in ("eager", "write"):
            yield at(code, deed.place, f"{deed.what} runs at once, in the query of {deed.where}")


@rule(
    id="pivot-in-dataset",
    family="pipelines",
    severity="warning",
    basis="documented",
    reason="Pipelines do not support pivot: the columns of its result depend on rows, which must be read to know them.",
    fact="https://docs.databricks.com/aws/en/ldp/limitations",
    fix="Write a conditional aggregation for each column, or pivot in a task behind the pipeline.",
    bad=pipeline(
        orders_py=python(
            f"@dp.materialized_view\n{_ORDERS}"
            '    return orders.groupBy("o_custkey").pivot("o_orderstatus").count()  # <--\n'
        )
    ),
    good=pipeline(
        orders_py=python(
            f"@dp.materialized_view\n{_ORDERS}"
            '    return orders.groupBy("o_custkey").agg(F.count_if(F.col("o_orderstatus") == "F").alias("finished"))\n'
        ).replace("as dp\n", "as dp\nfrom pyspark.sql import functions as F\n")
    ),
)
@unique
def pivot_in_dataset(target: CheckedTarget) -> Iterator[Found]:
    """`pivot()` and PIVOT in the query of a dataset."""
    for code, deed in _in_datasets(target):
        if deed.kind == "pivot":
            yield at(code, deed.place, f"{deed.what} in a query of the pipeline")


@rule(
    id="action-at-import",
    family="pipelines",
    severity="warning",
    basis="documented",
    reason="Source files are loaded to make the graph, several times in an update and also when it is only validated: "
    "what they compute or write at the top level happens each time, before any dataset is brought up to date.",
    fact=_DEVELOP,
    fix="Move it into a task of the job that runs before the pipeline, or into a dataset.",
    bad=pipeline(
        orders_py=python(
            'spark.sql("CREATE SCHEMA IF NOT EXISTS main.sales")  # <--\n\n\n'
            '@dp.materialized_view\ndef orders():\n    return spark.read.table("samples.tpch.orders")\n'
        )
    ),
    good=pipeline(
        orders_py=python('@dp.materialized_view\ndef orders():\n    return spark.read.table("samples.tpch.orders")\n')
    ),
)
@unique
def action_at_import(target: CheckedTarget) -> Iterator[Found]:
    """Calls at the top level of a source file that compute rows or write them."""
    for code, _, deed in _at_import(target):
        if deed.kind in ("eager", "write"):
            yield at(code, deed.place, f"{deed.what} runs each time that this file is loaded")


@rule(
    id="side-effect-in-pipeline",
    family="pipelines",
    severity="warning",
    basis="documented",
    reason="Pipeline code is loaded and called to make the graph, and again on each retry: what it does outside "
    "happens "
    "more often than once, also when nothing is refreshed.",
    fact=_DEVELOP,
    fix="Do it in a task of the job behind the pipeline, or in a sink or an event hook, which are made for it.",
    bad=pipeline(
        orders_py=python(
            f"import requests\n\n\n@dp.materialized_view\n{_ORDERS}"
            '    requests.post("https://hooks.example/orders", json={"state": "started"})  # <--\n    return orders\n'
        )
    ),
    good=pipeline(orders_py=python(f"@dp.materialized_view\n{_ORDERS}    return orders\n")),
)
@unique
def side_effect_in_pipeline(target: CheckedTarget) -> Iterator[Found]:
    """Requests that change something, mail, written files and commands, in a query or at import."""
    for code, deed in _in_datasets(target):
        if deed.kind == "effect":
            yield at(
                code, deed.place, f"{deed.what} in the query of {deed.where} has an effect outside of the pipeline"
            )
    for code, _, deed in _at_import(target):
        if deed.kind == "effect":
            yield at(code, deed.place, f"{deed.what} has an effect each time that this file is loaded")


@rule(
    id="source-does-not-parse",
    family="pipelines",
    severity="error",
    basis="documented",
    reason="The graph is made from all source files: one that is no Python fails the update.",
    fact=_DEVELOP,
    fix="Correct the syntax.",
    bad=pipeline(
        orders_py=python(
            '@dp.materialized_view\ndef orders()  # <--\n    return spark.read.table("samples.tpch.orders")\n'
        )
    ),
    good=pipeline(
        orders_py=python('@dp.materialized_view\ndef orders():\n    return spark.read.table("samples.tpch.orders")\n')
    ),
)
@unique
def source_does_not_parse(target: CheckedTarget) -> Iterator[Found]:
    """Python source files with a syntax error."""
    for code in pipelines_in(target):
        for file in code.files:
            for remark in file.remarks:
                if remark.kind == "syntax":
                    # The platform runs 3.12: an older one here may not know all of its syntax.
                    severity = "warning" if sys.version_info < (3, 12) else None
                    yield at(code, remark.place, f"this file is no Python: {remark.message}", severity=severity)


@rule(
    id="unknown-pipelines-function",
    family="pipelines",
    severity="error",
    basis="documented",
    reason="The pipelines module has no such name: the file fails when it is loaded, and the update with it.",
    fact=_REFERENCE,
    fix="Write the name as the reference has it.",
    bad=pipeline(
        orders_py=python(
            '@dp.materialised_view  # <--\ndef orders():\n    return spark.read.table("samples.tpch.orders")\n'
        )
    ),
    good=pipeline(
        orders_py=python('@dp.materialized_view\ndef orders():\n    return spark.read.table("samples.tpch.orders")\n')
    ),
)
@unique
def unknown_pipelines_function(target: CheckedTarget) -> Iterator[Found]:
    """A name of the pipelines module that is nearly one of its functions; what is not near may be newer than this."""
    for code in pipelines_in(target):
        for file in code.files:
            for remark in file.remarks:
                if remark.kind == "name":
                    yield at(code, remark.place, remark.message)
