"""Brings one dataset up to date: skips it if nothing is new, else runs its flows."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql.types import DataType, StructType

from lakeflow_local.pipelines.cdc import both, cdc, change, snapshots
from lakeflow_local.pipelines.model.model import CdcFlow, Flow, Kind, SnapshotFlow, fail
from lakeflow_local.pipelines.model.names import Stack
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.evaluate import Evaluation
from lakeflow_local.pipelines.query.node import Node
from lakeflow_local.pipelines.query.repeatable import is_repeatable, reads_only_known_streams
from lakeflow_local.pipelines.refresh.nothing_new import leave, nothing_new, settled_kind, take
from lakeflow_local.pipelines.store import failpoints
from lakeflow_local.pipelines.store.state import Memory
from lakeflow_local.pipelines.store.tables import as_struct, rows_written
from lakeflow_local.pipelines.writing import replace, sinks
from lakeflow_local.pipelines.writing.column_types import refuse_other_types
from lakeflow_local.pipelines.writing.flow_record import columns, recorded
from lakeflow_local.pipelines.writing.shape import shape, table_schema
from lakeflow_local.pipelines.writing.stream import append, changes_of, empty_table, evaluate_flow, observed

_FLOW_KINDS = {Flow: "APPEND", CdcFlow: "CHANGE", SnapshotFlow: "SNAPSHOT_CHANGE"}  # as the event log names them


def refresh(context: UpdateContext, node: Node, stack: Stack) -> None:
    """Bring a dataset's table up to date.

    Raises:
        UserError: for a declaration that cannot be carried out.
        UpstreamFailed: when something that it reads failed.
    """
    dataset, table = node.dataset, node.table
    if dataset.kind is Kind.SINK:
        return sinks.write(context, node, stack)
    memory = context.store.recall(table)
    full = node.full or memory.resetting
    if full and not dataset.may_be_reset:
        context.warn(node, "refreshed normally: pipelines.reset.allowed=false keeps what it has")
        full = False
    if memory.kind and memory.kind != settled_kind(dataset, memory):
        full = True  # of another kind before, so it has no streaming progress to go on from
    context.tables.ensure_schema(table.schema)
    if not full and nothing_new(context, node, memory, stack):
        return leave(node, memory)
    streams = len(dataset.flows) > 1 or settled_kind(dataset, memory) == Kind.STREAMING_TABLE
    if not streams:
        with recorded(node, dataset.flows[0].name, "MATERIALIZED_VIEW") as record:
            evaluation = Evaluation(context, stack)
            frame = evaluation.frame(dataset, dataset.flows[0].query)
            if not frame.isStreaming:
                _materialize(context, node, evaluation, frame)
                record.schema = columns(frame.schema)
                return
        node.result.flows.remove(record)  # it is a stream, which is evaluated where its table is settled
        if dataset.kind is Kind.MATERIALIZED_VIEW:
            message = (
                f"materialized view {dataset.name} is a batch dataset, but its query reads a stream: "
                "use spark.read, or declare a streaming table"
            )
            raise fail(message, dataset.place)
    _stream(context, node, memory, full, stack)


def _remember(
    context: UpdateContext, node: Node, memory: Memory, evaluations: list[Evaluation], *, repeatable: bool, kind: Kind
) -> None:
    memory.code = context.code.of(node.dataset.files.union(*(found.notes.view_files for found in evaluations)))
    memory.settings = context.code.settings
    memory.inputs, memory.folders = {}, {}
    for evaluation in evaluations:
        notes = evaluation.notes
        repeatable = repeatable and None not in notes.inputs.values() and None not in notes.folders.values()
        memory.inputs |= {name: version for name, version in notes.inputs.items() if version is not None}
        memory.folders |= {folder: found for folder, found in notes.folders.items() if found is not None}
    memory.own_version = context.tables.version(node.table)
    memory.repeatable = repeatable
    latest = {flow.name: flow.definition() for flow in node.result.flows}
    memory.flows = [*(flow for flow in memory.flows if flow["name"] not in latest), *latest.values()]
    memory.kind = node.result.kind = kind.value
    memory.resetting = False
    context.store.remember(node.table, memory)


def _materialize(context: UpdateContext, node: Node, evaluation: Evaluation, frame: DataFrame) -> None:
    """Compute a materialized view and replace its rows in one commit."""
    dataset, table = node.dataset, node.table
    repeatable = is_repeatable(frame)
    before = context.tables.version(table)
    shaped = evaluation.count_rules(shape(frame, dataset), dataset)
    with observed(evaluation.notes.counters) as metrics:
        context.tables.replace(table, shaped, dataset)
    node.result.metric_sets = metrics  # not added to those of an attempt before: this one has read all rows again
    location = context.tables.location(table)
    if location is not None:
        node.result.rows = rows_written(location, before, context.tables.version(table))
    failpoints.reached("after_commit", node.result.name)
    _remember(
        context, node, context.store.recall(table), [evaluation], repeatable=repeatable, kind=Kind.MATERIALIZED_VIEW
    )


def _stream(context: UpdateContext, node: Node, memory: Memory, full: bool, stack: Stack) -> None:
    """Run the flows of a streaming table, one after the other."""
    dataset, table = node.dataset, node.table
    if full or not context.tables.exists(table):
        # Recorded before it is done: after a kill in between, the next update resets the table again.
        memory.resetting = True
        memory.once, memory.folded, memory.snapshot = [], None, None
        memory.carried, memory.sorted_bytes, memory.apart_bytes = [], 0, 0
        memory.generation = (context.tables.version(table) or 0) + 1  # greater than any before in the table's own log
        context.store.remember(table, memory)
        context.store.forget_progress(table)
    resetting = is_made_anew = memory.resetting
    evaluations: list[Evaluation] = []
    repeatable = True
    for flow in dataset.all_flows:
        if flow.name in memory.once:
            continue
        with context.settings.of(dataset, flow), recorded(node, flow.name, _FLOW_KINDS[type(flow)]) as record:
            if isinstance(flow, SnapshotFlow):
                take = _taker_beside_changes(context, node, flow, stack) if dataset.cdc_flows else None
                taken, same_again = snapshots.apply(context, node, flow, stack, memory, take)
                evaluations, repeatable = evaluations + taken, repeatable and same_again
                memory.once += [flow.name] if flow.once else []
                continue
            evaluation = Evaluation(context, stack)
            frame = evaluate_flow(evaluation, dataset, flow)
            record.schema = columns(frame.schema)
            if isinstance(flow, CdcFlow):
                both.check_log(context, node, flow)
                cdc.apply(context, node, both.placed(flow, dataset), evaluation, frame, memory)
            else:
                shaped = shape(frame, dataset)
                if flow.replace_where is not None:
                    shaped = shaped.where(replace.condition_of(flow))
                shaped = evaluation.count_rules(shaped, dataset)
                if resetting:
                    empty_table(context, node, table_schema(shaped.schema, dataset))
                    resetting = False
                else:
                    refuse_other_types(context, node, flow, shaped.schema, is_made_anew=is_made_anew)
                _write(context, node, flow, evaluation, shaped, memory.generation)
            evaluations.append(evaluation)
            repeatable = repeatable and _finds_the_same_again(frame, flow, evaluation)
            if flow.once:
                memory.once.append(flow.name)
    if resetting and not (dataset.cdc_flows or dataset.snapshot_flows):
        if dataset.schema is None:
            message = f"streaming table {dataset.name} has neither flow nor schema: nothing says what its columns are"
            raise fail(message, dataset.place)
        empty_table(context, node, as_struct(dataset))
    _remember(context, node, memory, evaluations, repeatable=repeatable, kind=Kind.STREAMING_TABLE)


def _taker_beside_changes(context: UpdateContext, node: Node, flow: SnapshotFlow, stack: Stack) -> snapshots.Taker:
    """What takes snapshots in for a target that changes flow into, too."""
    both.check_log(context, node, flow)
    first = node.dataset.cdc_flows[0]

    def sequence_type() -> DataType:
        frame = changes_of(Evaluation(context, stack), node.dataset, first)
        return change.to_changes(frame, first).schema[change.SEQUENCE].dataType

    return both.taker(context, node, flow, sequence_type)


def _write(
    context: UpdateContext, node: Node, flow: Flow, evaluation: Evaluation, shaped: DataFrame, generation: int
) -> None:
    """Write the rows of one flow into its table, as the flow says."""
    if flow.replace_where is not None:
        replace.replace_where(context, node, flow, evaluation, shaped)
    elif flow.replace_using:
        replace.replace_using(context, node, flow, evaluation, shaped, generation)
    else:
        append(context, node, flow, evaluation, shaped, generation)


def _finds_the_same_again(frame: DataFrame, flow: Flow | CdcFlow, evaluation: Evaluation) -> bool:
    """Whether a flow has nothing to do in a later update as long as what it reads is as it was."""
    if frame.isStreaming:
        return reads_only_known_streams(frame, evaluation.notes)
    if isinstance(flow, Flow) and flow.replace_where is not None:
        return is_repeatable(frame.where(replace.condition_of(flow)))
    return flow.once  # a batch that is appended again in each update


def validate(context: UpdateContext, node: Node, stack: Stack) -> None:
    """Resolve a dataset's queries and its rules; keep its columns for what reads it. Or take it from memory."""
    dataset = node.dataset
    if node.memory is not None:
        return take(node, node.memory)
    shaped: StructType | None = None
    for flow in dataset.all_flows:
        with context.settings.of(dataset, flow):
            if isinstance(flow, SnapshotFlow):
                shaped = snapshots.planned_schema(context, node, flow, stack)
                continue
            evaluation = Evaluation(context, stack)
            if dataset.kind is Kind.SINK:
                sinks.evaluated(evaluation, dataset, flow)
                continue
            if dataset.kind in (Kind.MATERIALIZED_VIEW, Kind.TABLE, Kind.TEMPORARY_VIEW):
                frame = evaluation.frame(dataset, flow.query)
                if dataset.kind is Kind.MATERIALIZED_VIEW and frame.isStreaming:
                    message = f"materialized view {dataset.name} is a batch dataset, but its query reads a stream"
                    raise fail(message, dataset.place)
                if dataset.kind is Kind.TABLE and flow is dataset.flows[0]:
                    node.result.kind = (Kind.STREAMING_TABLE if frame.isStreaming else Kind.MATERIALIZED_VIEW).value
            else:
                frame = evaluate_flow(evaluation, dataset, flow)
            if isinstance(flow, CdcFlow):
                shaped = cdc.target_schema(frame, flow)
            else:
                evaluated = evaluation.count_rules(shape(frame, dataset), dataset)
                shaped = table_schema(evaluated.schema, dataset)
                if frame.isStreaming and not _will_be_reset(context, node):
                    refuse_other_types(context, node, flow, evaluated.schema)
    if shaped is not None or dataset.schema is not None:
        node.schema = shaped or as_struct(dataset)


def _will_be_reset(context: UpdateContext, node: Node) -> bool:
    """Whether an update would begin the table anew, whatever it holds."""
    memory = context.store.recall(node.table)
    return (node.full and node.dataset.may_be_reset) or memory.resetting or memory.kind != Kind.STREAMING_TABLE
