"""Rules over what a table takes: streams into streaming tables, batches into materialized views, AUTO CDC whole."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.datasets.model import Kind, Query
from lakeflow_local.check.datasets.reading import PipelineCode
from lakeflow_local.check.finding import Found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.rules.pipelines.code import at, pipelines_in, unique
from lakeflow_local.check.rules.pipelines.examples import pipeline, python
from lakeflow_local.check.target import CheckedTarget

_CDC = 'dp.create_streaming_table("customers")\n\n\ndp.create_auto_cdc_flow(  # <--\n    target="customers", '
_GOOD_CDC = _CDC.replace("  # <--", "")


@rule(
    id="streaming-table-of-batch-query",
    family="pipelines",
    severity="error",
    basis="documented",
    reason="The query of a streaming table and of an append flow must be a streaming query: the update is refused.",
    fact="https://docs.databricks.com/aws/en/ldp/developer/ldp-sql-ref-create-streaming-table",
    fix="Read at least one source with STREAM or `spark.readStream`, or make it a materialized view.",
    bad=pipeline(orders_sql="CREATE STREAMING TABLE orders AS SELECT * FROM samples.tpch.orders;  -- <--\n"),
    good=pipeline(orders_sql="CREATE STREAMING TABLE orders AS SELECT * FROM STREAM(samples.tpch.orders);\n"),
)
@unique
def streaming_table_of_batch_query(target: CheckedTarget) -> Iterator[Found]:
    """Streaming tables of SQL and append flows whose query surely reads no stream."""
    for code in pipelines_in(target):
        for file in code.files:
            for dataset in file.datasets if file.language == "sql" else ():
                query = dataset.query
                if dataset.kind is Kind.STREAMING_TABLE and query is not None and _is_batch(query, code):
                    yield at(code, dataset.place, f"streaming table {dataset.name} reads no stream")
            for flow in file.flows:
                if flow.appends and _is_batch(flow.query, code):
                    yield at(code, flow.place, f"append flow {flow.name} reads no stream")


def _is_batch(query: Query, code: PipelineCode) -> bool:
    """Whether a query surely streams nothing: a view that it reads may be a stream."""
    if query.streams is not False or not code.is_complete:
        return False
    read = [dataset for one in query.reads for dataset in code.found(one)]
    return all(dataset.kind is not Kind.VIEW for dataset in read)


@rule(
    id="materialized-view-of-stream",
    family="pipelines",
    severity="warning",
    basis="documented",
    reason="A materialized view holds the result of a batch query; one that reads a stream is refused.",
    fact="https://docs.databricks.com/aws/en/ldp/developer/ldp-python-ref-materialized-view",
    fix="Read without STREAM or `readStream`, or make it a streaming table.",
    bad=pipeline(orders_sql="CREATE MATERIALIZED VIEW orders AS SELECT * FROM STREAM(samples.tpch.orders);  -- <--\n"),
    good=pipeline(orders_sql="CREATE MATERIALIZED VIEW orders AS SELECT * FROM samples.tpch.orders;\n"),
)
@unique
def materialized_view_of_stream(target: CheckedTarget) -> Iterator[Found]:
    """Materialized views that read a stream."""
    for code in pipelines_in(target):
        for dataset in code.datasets:
            if dataset.kind is Kind.MATERIALIZED_VIEW and dataset.query is not None and dataset.query.streams:
                yield at(code, dataset.place, f"materialized view {dataset.name} reads a stream")


@rule(
    id="auto-cdc-incomplete",
    family="pipelines",
    severity="error",
    basis="documented",
    reason="AUTO CDC needs a target, a source and keys, and changes an order (sequence_by): the file does not load.",
    fact="https://docs.databricks.com/aws/en/ldp/developer/ldp-python-ref-apply-changes",
    fix="Add what is missing; stored_as_scd_type is 1 or 2.",
    bad=pipeline(customers_py=python(f'{_CDC}source="samples.crm.changes", keys=["id"]\n)\n')),
    good=pipeline(customers_py=python(f'{_GOOD_CDC}source="samples.crm.changes", keys=["id"], sequence_by="at"\n)\n')),
)
@unique
def auto_cdc_incomplete(target: CheckedTarget) -> Iterator[Found]:
    """AUTO CDC flows without an argument that they must have, or with a type of history that there is not."""
    for code in pipelines_in(target):
        for file in code.files:
            for remark in file.remarks:
                if remark.kind == "cdc":
                    yield at(code, remark.place, remark.message)
