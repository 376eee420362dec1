"""Rules over streaming reads, and over the history that a full refresh would lose."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.datasets.model import Dataset, Flow, Kind, Read, Source
from lakeflow_local.check.datasets.reading import PipelineCode
from lakeflow_local.check.finding import Found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.rules.pipelines.code import at, pipelines_in, reads_of, unique
from lakeflow_local.check.rules.pipelines.examples import pipeline, python
from lakeflow_local.check.target import CheckedTarget

_TOLERANT = ("skipchangecommits", "ignorechanges", "ignoredeletes", "readchangefeed", "readchangedata")
_BROKERS = ("kafka", "eventhubs", "kinesis", "pubsub", "pulsar")
_RESET = "pipelines.reset.allowed"
_CDC = (
    'dp.create_streaming_table("customers")\ndp.create_auto_cdc_flow(\n    target="customers", '
    'source="samples.crm.changes", keys=["id"], sequence_by="at"\n)\n\n\n@dp.table\ndef mails():\n'
)


@rule(
    id="stream-of-auto-cdc-target",
    family="pipelines",
    severity="error",
    basis="documented",
    reason="AUTO CDC updates and deletes rows of its target, and a stream reads tables that only grow: it fails at the "
    "first change.",
    fact="https://docs.databricks.com/aws/en/ldp/cdc-advanced",
    fix="Read it as a batch in a materialized view, read the stream of changes before it, or set skipChangeCommits "
    "where "
    "missing every change is right.",
    bad=pipeline(customers_py=python(f'{_CDC}    return spark.readStream.table("customers")  # <--\n')),
    good=pipeline(
        customers_py=python(
            f'{_CDC}    return spark.readStream.option("skipChangeCommits", "true").table("customers")\n'
        )
    ),
)
@unique
def stream_of_auto_cdc_target(target: CheckedTarget) -> Iterator[Found]:
    """Streaming reads of a table that an AUTO CDC flow of the same pipeline writes into."""
    for code in pipelines_in(target):
        targets = {code.identify(flow.target, flow.use) for flow in code.flows if flow.kind != "append" and flow.target}
        for where, read in reads_of(code):
            if read.streaming and code.identify(read.name, read.use) in targets and not _is_tolerant(read):
                yield at(code, read.place, f"{where} reads {read.name}, a target of AUTO CDC, as a stream")


def _is_tolerant(read: Read) -> bool:
    return read.options is None or any(option in read.options for option in _TOLERANT)


@rule(
    id="stream-of-materialized-view",
    family="pipelines",
    severity="warning",
    basis="documented",
    reason="A materialized view is computed anew where its sources change, and a stream reads tables that only grow: "
    "it "
    "is refused, or fails at the first change.",
    fact="https://docs.databricks.com/aws/en/ldp/concepts",
    fix="Read it as a batch, or make it a streaming table.",
    bad=pipeline(
        orders_sql="CREATE MATERIALIZED VIEW orders AS SELECT * FROM samples.tpch.orders;\n",
        copies_sql="CREATE STREAMING TABLE copies AS SELECT * FROM STREAM(orders);  -- <--\n",
    ),
    good=pipeline(
        orders_sql="CREATE STREAMING TABLE orders AS SELECT * FROM STREAM(samples.tpch.orders);\n",
        copies_sql="CREATE STREAMING TABLE copies AS SELECT * FROM STREAM(orders);\n",
    ),
)
@unique
def stream_of_materialized_view(target: CheckedTarget) -> Iterator[Found]:
    """Streaming reads of what is surely a materialized view of the same pipeline."""
    for code in pipelines_in(target):
        for where, read in reads_of(code):
            found = code.found(read)
            if (
                read.streaming
                and len(found) == 1
                and found[0].kind is Kind.MATERIALIZED_VIEW
                and not _is_tolerant(read)
            ):
                yield at(code, read.place, f"{where} reads {read.name}, a materialized view, as a stream")


_KAFKA = (
    'def events():\n    return spark.readStream.format("kafka").option("subscribe", "events")'
    '.option("kafka.bootstrap.servers", "kafka.example:9092").load()\n'
)


@rule(
    id="full-refresh-loses-history",
    family="pipelines",
    severity="warning",
    basis="policy",
    reason="A full refresh empties a streaming table and reads its source again: what the source no longer holds is "
    "gone.",
    fact="https://docs.databricks.com/aws/en/ldp/updates",
    fix='Set the table property "pipelines.reset.allowed" to "false", or say why its source keeps everything.',
    bad=pipeline(events_py=python(f"@dp.table()  # <--\n{_KAFKA}")),
    good=pipeline(events_py=python(f'@dp.table(table_properties={{"pipelines.reset.allowed": "false"}})\n{_KAFKA}')),
    drill="full_refresh",
)
@unique
def full_refresh_loses_history(target: CheckedTarget) -> Iterator[Found]:
    """Streaming tables that may be reset, and whose source does not keep what they hold.

    That is so for brokers, for files that Auto Loader removes, and for the history made from snapshots; for other files
    where the pipeline itself protects some of the tables that are made of them.
    """
    for code in pipelines_in(target):
        protects = any(_is_protected(dataset) and _sources(code, dataset) for dataset in code.datasets)
        for dataset in code.datasets:
            if dataset.kind is not Kind.STREAMING_TABLE or dataset.properties is None or _is_protected(dataset):
                continue
            if _RESET in dataset.properties and not protects:
                continue  # said aloud, and against no habit of its pipeline
            if why := _loss(code, dataset, protects=protects):
                yield at(code, dataset.place, f"a full refresh of {dataset.name or 'this table'} {why}")


def _is_protected(dataset: Dataset) -> bool:
    return str((dataset.properties or {}).get(_RESET, "")).lower() == "false"


def _sources(code: PipelineCode, dataset: Dataset) -> list[Source]:
    """The sources that are no tables of a dataset's streaming queries."""
    own = [dataset.query] if dataset.query is not None else []
    queries = [*own, *(flow.query for flow in _flows(code, dataset) if flow.kind == "append")]
    return [one for query in queries for one in query.sources if one.streaming and one.format != "table"]


def _flows(code: PipelineCode, dataset: Dataset) -> list[Flow]:
    key = code.identify(dataset.name, dataset.use)
    return [flow for flow in code.flows if key is not None and code.identify(flow.target, flow.use) == key]


def _loss(code: PipelineCode, dataset: Dataset, *, protects: bool) -> str | None:
    for source in _sources(code, dataset):
        if source.format.lower() in _BROKERS:
            return f"reads only what {source.format} still holds"
        options = source.options or {}
        if source.format.lower() == "cloudfiles":
            if options.get("cloudfiles.cleansource", "off").lower() in ("delete", "move"):
                return "finds no files: Auto Loader has removed what it read (cloudFiles.cleanSource)"
            if protects:
                return "reads only the files that are still there; other tables of this pipeline may not be reset"
    for flow in _flows(code, dataset):
        if flow.kind == "snapshot" and flow.scd_type == "2" and flow.query.reads:
            return f"keeps the newest snapshot of {flow.query.reads[0].name} only: the versions before it are gone"
    return None
