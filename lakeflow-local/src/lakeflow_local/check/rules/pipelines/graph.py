"""Rules over the graph of a pipeline: each table once, no cycle, no name that leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.datasets.model import Dataset, Key, Kind, Place
from lakeflow_local.check.datasets.reading import PipelineCode
from lakeflow_local.check.finding import Found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.rules.pipelines.code import at, certain, pipelines_in, reads_of, unique
from lakeflow_local.check.rules.pipelines.examples import pipeline, python
from lakeflow_local.check.target import CheckedTarget

_ORDERS = python('@dp.materialized_view\ndef orders():\n    return spark.read.table("samples.tpch.orders")\n')
_LIMITS = "https://docs.databricks.com/aws/en/ldp/limitations"


@rule(
    id="dataset-defined-twice",
    family="pipelines",
    severity="error",
    basis="documented",
    reason="A dataset can be the target of one definition only: the pipeline does not start.",
    fact=_LIMITS,
    fix="Rename one of them, or make it a streaming table with two append flows.",
    bad=pipeline(
        orders_py=_ORDERS,
        pending_sql="CREATE MATERIALIZED VIEW orders AS SELECT * FROM samples.tpch.orders;  -- <--\n",
    ),
    good=pipeline(
        orders_py=_ORDERS,
        pending_sql="CREATE MATERIALIZED VIEW more_orders AS SELECT * FROM samples.tpch.orders;\n",
    ),
)
def dataset_defined_twice(target: CheckedTarget) -> Iterator[Found]:
    """Two definitions of one table; those under a condition may exclude each other."""
    for code in pipelines_in(target):
        for datasets in code.by_key.values():
            first, *others = certain(datasets) or [None]
            for other in others:
                assert first is not None
                where = f"{first.place.file.name}:{first.place.line}" if first.place.line else first.place.file.name
                yield at(code, other.place, f"dataset {other.name} is defined twice, first in {where}")


@rule(
    id="dataset-cycle",
    family="pipelines",
    severity="error",
    basis="documented",
    reason="The datasets of a pipeline are brought up to date in the order of their reads; in a circle there is none.",
    fact="https://docs.databricks.com/aws/en/ldp/concepts",
    fix="Let one of them read a table from outside of the pipeline, or split it in two.",
    bad=pipeline(
        orders_sql="CREATE MATERIALIZED VIEW orders AS SELECT * FROM payments;  -- <--\n",
        payments_sql="CREATE MATERIALIZED VIEW payments AS SELECT * FROM orders;\n",
    ),
    good=pipeline(
        orders_sql="CREATE MATERIALIZED VIEW orders AS SELECT * FROM samples.tpch.orders;\n",
        payments_sql="CREATE MATERIALIZED VIEW payments AS SELECT * FROM orders;\n",
    ),
)
def dataset_cycle(target: CheckedTarget) -> Iterator[Found]:
    """Datasets that read each other."""
    for code in pipelines_in(target):
        edges = _edges(code)
        said: set[Key] = set()
        for start in sorted(edges):
            circle = _circle(start, edges)
            if circle and not said & set(circle):
                said |= set(circle)
                names = [code.by_key[key][0].name or "?" for key in circle]
                path = " -> ".join([*names, names[0]])
                # Its own table of before, read by its whole name, may be meant; in a longer circle there is no order.
                severity = "warning" if len(circle) == 1 else None
                place = edges[start][circle[1 % len(circle)]]
                yield at(code, place, f"these datasets read each other: {path}", severity=severity)


def _edges(code: PipelineCode) -> dict[Key, dict[Key, Place]]:
    """Dataset -> what it reads, with the place of the dataset or flow."""
    found: dict[Key, dict[Key, Place]] = {}

    def add(key: Key | None, query: object, place: Place) -> None:
        for read in getattr(query, "reads", ()):
            source = code.identify(read.name, read.use)
            known = key in code.by_key and source in code.by_key and len(certain(code.by_key[source])) == 1
            if known and key is not None and source is not None:
                found.setdefault(key, {})[source] = place

    for file in code.files:
        for dataset in file.datasets:
            if dataset.query is not None and not dataset.is_conditional:
                add(code.identify(dataset.name, dataset.use), dataset.query, dataset.place)
        for flow in file.flows:
            if flow.kind != "snapshot":
                add(code.identify(flow.target, flow.use), flow.query, flow.place)
    return found


def _circle(start: Key, edges: dict[Key, dict[Key, Place]]) -> list[Key]:
    """A way from a dataset back to itself, the shortest."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop(0)
        for source in edges.get(way[-1], ()):
            if source == start:
                return way
            if source not in seen:
                seen.add(source)
                ways.append([*way, source])
    return []


@rule(
    id="dataset-unknown",
    family="pipelines",
    severity="error",
    basis="documented",
    reason="`LIVE.x` and `dlt.read` name datasets of the same pipeline; this one has none of that name.",
    fact="https://docs.databricks.com/aws/en/ldp/live-schema",
    fix="Write the name of a dataset of this pipeline, or read a table from outside with `spark.read.table`.",
    bad=pipeline(
        orders_sql="CREATE MATERIALIZED VIEW orders AS SELECT * FROM samples.tpch.orders;\n",
        sums_py="import dlt\n\n\n@dlt.table\ndef sums():\n    return dlt.read('order')  # <--\n",
    ),
    good=pipeline(
        orders_sql="CREATE MATERIALIZED VIEW orders AS SELECT * FROM samples.tpch.orders;\n",
        sums_py="import dlt\n\n\n@dlt.table\ndef sums():\n    return dlt.read('orders')\n",
    ),
)
@unique
def dataset_unknown(target: CheckedTarget) -> Iterator[Found]:
    """A read that can only mean a dataset of the pipeline, where all of these are known and none is it."""
    for code in pipelines_in(target):
        if not code.is_complete:
            continue
        for where, read in reads_of(code):
            parts = read.name.removeprefix("LIVE.").removeprefix("live.")
            if read.inside and "." not in parts and not code.found(read):
                message = f"{where} reads {read.name}, which no file of pipeline {code.key} defines"
                # With `schema` instead of the older `target`, LIVE is ignored and the schema may have such a table.
                is_ignored = parts != read.name and code.spec.get("schema")
                yield at(code, read.place, message, severity="warning" if is_ignored else None)


@rule(
    id="flow-without-target",
    family="pipelines",
    severity="error",
    basis="documented",
    reason="A flow writes into a streaming table or a sink that the same pipeline defines.",
    fact="https://docs.databricks.com/aws/en/ldp/flows",
    fix="Define the table with `create_streaming_table` or CREATE STREAMING TABLE, or correct the name.",
    bad=pipeline(
        customers_py=python(
            'dp.create_streaming_table("customers")\n\n'
            'dp.create_auto_cdc_flow(  # <--\n    target="customer", source="samples.crm.changes", keys=["id"], '
            'sequence_by="at"\n)\n'
        )
    ),
    good=pipeline(
        customers_py=python(
            'dp.create_streaming_table("customers")\n\n'
            'dp.create_auto_cdc_flow(\n    target="customers", source="samples.crm.changes", keys=["id"], '
            'sequence_by="at"\n)\n'
        )
    ),
)
def flow_without_target(target: CheckedTarget) -> Iterator[Found]:
    """A flow into a name that nothing defines, where all definitions are known."""
    for code in pipelines_in(target):
        if not code.is_complete:
            continue
        sinks = {(dataset.name or "").lower() for dataset in code.datasets if dataset.kind is Kind.SINK}
        for flow in code.flows:
            key = code.identify(flow.target, flow.use)
            if flow.target and key not in code.by_key and flow.target.lower() not in sinks:
                message = f"the flow writes into {flow.target}, which no file of pipeline {code.key} defines"
                yield at(code, flow.place, message)


@rule(
    id="table-of-two-pipelines",
    family="pipelines",
    severity="warning",
    basis="documented",
    reason="A table belongs to one pipeline: the second one that runs fails, as the table is managed by the first.",
    fact=_LIMITS,
    fix="Give one of the pipelines another schema, or let it read the table of the other.",
    bad={
        "databricks.yml": """\
bundle:
  name: example
resources:
  pipelines:
    a_sales:
      name: a_sales
      catalog: main
      schema: sales
      libraries:
        - file: {path: sales/orders.sql}
    b_sales:
      name: b_sales
      catalog: main
      schema: sales
      libraries:
        - file: {path: sales/again.sql}
targets:
  dev:
    default: true
""",
        "sales/orders.sql": "CREATE MATERIALIZED VIEW orders AS SELECT 1 AS id;\n",
        "sales/again.sql": "CREATE MATERIALIZED VIEW orders AS SELECT 2 AS id;  -- <--\n",
    },
    good={
        "databricks.yml": """\
bundle:
  name: example
resources:
  pipelines:
    a_sales:
      name: a_sales
      catalog: main
      schema: sales
      libraries:
        - file: {path: sales/orders.sql}
    b_sales:
      name: b_sales
      catalog: main
      schema: sales_again
      libraries:
        - file: {path: sales/again.sql}
targets:
  dev:
    default: true
""",
        "sales/orders.sql": "CREATE MATERIALIZED VIEW orders AS SELECT 1 AS id;\n",
        "sales/again.sql": "CREATE MATERIALIZED VIEW orders AS SELECT 2 AS id;\n",
    },
)
def table_of_two_pipelines(target: CheckedTarget) -> Iterator[Found]:
    """One table, with its catalog and schema known, that two pipelines define."""
    owners: dict[Key, tuple[PipelineCode, Dataset]] = {}
    for code in pipelines_in(target):
        for key, datasets in code.by_key.items():
            stored = [one for one in certain(datasets) if one.kind is not Kind.VIEW]
            if not all(key) or not stored:
                continue
            if key in owners and owners[key][0] is not code:
                name = ".".join(key)
                message = f"pipelines {owners[key][0].key} and {code.key} both define {name}"
                yield at(code, stored[0].place, message)
            owners.setdefault(key, (code, stored[0]))
