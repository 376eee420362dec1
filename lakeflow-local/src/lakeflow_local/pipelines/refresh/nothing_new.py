"""Whether a dataset is as the last update left it: its code, its settings, what it reads, and its table."""

from __future__ import annotations

from collections.abc import Iterable

from lakeflow_local.pipelines.files import landing
from lakeflow_local.pipelines.model.model import Dataset, Kind
from lakeflow_local.pipelines.model.names import Key, Stack, TableName
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.node import Node
from lakeflow_local.pipelines.store.state import Memory
from lakeflow_local.pipelines.writing.flow_record import unchanged


def settled_kind(dataset: Dataset, memory: Memory) -> str:
    """The declared kind; for one that its query decides, what that gave last time."""
    return memory.kind if dataset.kind is Kind.TABLE else dataset.kind.value


def leave(node: Node, memory: Memory) -> None:
    """Let a dataset's result say that nothing was new, with the flows that it has as they last ran."""
    node.result.up_to_date = True
    node.result.kind = memory.kind
    declared = {flow.name for flow in node.dataset.all_flows}
    node.result.flows = [unchanged(flow) for flow in memory.flows if flow["name"] in declared]


def take(node: Node, memory: Memory) -> None:
    """Let a validation leave a dataset, whose reads are then those of its last update, too."""
    leave(node, memory)
    node.result.reads = list(dict.fromkeys(name for flow in node.result.flows for name in flow.reads))


def nothing_new(context: UpdateContext, node: Node, memory: Memory, stack: Stack) -> bool:
    """Whether a refresh has nothing to do. What the dataset reads is brought up to date; its query is not called."""
    if not _is_as_left(context, node, memory):
        return False
    for name, version in memory.inputs.items():
        table = context.spec.namespace.resolve(name)
        if table is None:
            return False
        if table.key in context.nodes:
            if context.nodes[table.key].dataset.is_view:
                return False  # it was a table
            context.bring_up_to_date(table.key, stack)
        if context.tables.version(table) != version:
            return False
    return _folders_are_as_left(memory)


def recall_unchanged(context: UpdateContext) -> None:
    """Give each dataset its memory if nothing is new of it, nor of what it reads. Nothing is brought up to date."""
    inputs: dict[Key, list[Key]] = {}
    for key, node in context.nodes.items():
        memory = context.store.recall(node.table)
        if node.dataset.is_view or node.full or memory.resetting:
            continue
        if memory.kind == settled_kind(node.dataset, memory) and _is_as_left(context, node, memory):
            tables = _unchanged_inputs(context, memory)
            if tables is not None and _is_called_as_before(context, node, memory, tables):
                node.memory = memory
                inputs[key] = [table.key for table in tables if table.key in context.nodes]
    # The table of a dataset that is new has its old version until an update: what reads it is not as it was either.
    while changed := [key for key in inputs if any(other not in inputs for other in inputs[key])]:
        for key in changed:
            context.nodes[key].memory = None
            del inputs[key]


def _is_as_left(context: UpdateContext, node: Node, memory: Memory) -> bool:
    """Whether code, settings and the table are as the last update left them."""
    if not memory.repeatable or memory.settings != context.code.settings:
        return False
    if not context.code.is_unchanged(memory.code, node.dataset.files):
        return False
    return memory.own_version is not None and context.tables.version(node.table) == memory.own_version


def _folders_are_as_left(memory: Memory) -> bool:
    return all(landing.fingerprint(folder) == found for folder, found in memory.folders.items())


def _unchanged_inputs(context: UpdateContext, memory: Memory) -> list[TableName] | None:
    """The tables that were read, if they and the folders are as they were."""
    tables = []
    for name, version in memory.inputs.items():
        table = context.spec.namespace.resolve(name)
        if table is None or context.tables.version(table) != version:
            return None
        tables.append(table)
    return tables if _folders_are_as_left(memory) else None


def _is_called_as_before(context: UpdateContext, node: Node, memory: Memory, tables: Iterable[TableName]) -> bool:
    """Whether each flow has run, and what it read then has the same name now.

    A dataset that is gone from the pipeline has its full name for its readers, as any other table.
    """
    names = {context.name_of(source) for source in (*tables, *memory.folders)}
    for other in context.nodes.values():
        if other.dataset.is_view and other.dataset.files <= memory.code.keys():
            names.add(other.result.name)
    flows = {flow["name"]: flow["reads"] for flow in memory.flows}
    return all(flow.name in flows and names.issuperset(flows[flow.name]) for flow in node.dataset.all_flows)
