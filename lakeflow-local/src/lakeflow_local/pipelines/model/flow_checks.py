"""Checks of flows, alone and together in one dataset, the same for Python and SQL."""

from __future__ import annotations

from lakeflow_local.pipelines.model.model import BITEMPORAL, CdcFlow, Dataset, Flow, Place, SnapshotFlow, fail

_IGNORING_NULLS = (
    "ignore_null_updates",
    "ignore_null_updates_column_list",
    "ignore_null_updates_except_column_list",
)
_UNKNOWN_WITH_TWO_TIMES = ("track_history_column_list", "track_history_except_column_list", *_IGNORING_NULLS)


def scd_type_of(target: str, given: int | str | None, place: Place, *, bitemporal: bool = True) -> int | str:
    """The type of history that `stored_as_scd_type` or STORED AS asks for: 1, 2 or BITEMPORAL.

    Args:
        bitemporal: whether that is one of the types that may be asked for.

    Raises:
        UserError: for anything else.
    """
    text = str(given or 1).lower()
    if bitemporal and text == BITEMPORAL:
        return BITEMPORAL
    if text not in ("1", "2"):
        types = "1, 2 or bitemporal" if bitemporal else "1 or 2"
        raise fail(f"AUTO CDC into {target}: stored_as_scd_type is {types}, not {given}", place)
    return int(text)


def checked(flow: CdcFlow) -> CdcFlow:
    """The same flow, checked.

    Raises:
        UserError: when its arguments contradict each other.
    """
    check_keys_and_history(flow)
    _check_exclusive(flow, "column_list")
    _check_exclusive(flow, "ignore_null_updates_column_list")
    chosen = flow.ignore_null_updates_column_list is not None or flow.ignore_null_updates_except_column_list is not None
    if flow.ignore_null_updates and chosen:
        message = f"AUTO CDC into {flow.target}: ignore_null_updates is for all columns, a list of columns excludes it"
        raise fail(message, flow.place)
    if flow.scd_type != 1 and flow.apply_as_truncates is not None:
        raise fail(f"AUTO CDC into {flow.target}: apply_as_truncates works with SCD type 1 only", flow.place)
    _check_times(flow)
    return flow


def _check_times(flow: CdcFlow) -> None:
    if flow.scd_type != BITEMPORAL:
        if flow.system_sequence_by is not None:
            message = f"AUTO CDC into {flow.target}: system_sequence_by is for stored_as_scd_type bitemporal only"
            raise fail(message, flow.place)
        return
    if flow.system_sequence_by is None:
        raise fail(f"AUTO CDC into {flow.target}: a bitemporal target needs system_sequence_by", flow.place)
    for argument in _UNKNOWN_WITH_TWO_TIMES:
        if getattr(flow, argument) not in (None, False):
            message = (
                f"AUTO CDC into {flow.target}: lakeflow-local does not support {argument} for a bitemporal target: "
                "Databricks does not say what it means there"
            )
            raise fail(message, flow.place)


def check_keys_and_history(flow: CdcFlow | SnapshotFlow) -> None:
    """Refuse a flow without keys, or with two lists of tracked columns.

    Raises:
        UserError: for either.
    """
    if not flow.keys:
        raise fail(f"AUTO CDC into {flow.target}: at least one key is needed", flow.place)
    _check_exclusive(flow, "track_history_column_list")


def _check_exclusive(flow: CdcFlow | SnapshotFlow, lists: str) -> None:
    excluding = f"{lists.removesuffix('column_list')}except_column_list"
    if getattr(flow, lists) is not None and getattr(flow, excluding) is not None:
        raise fail(f"AUTO CDC into {flow.target}: {lists} and {excluding} exclude each other", flow.place)


def checked_replace(flow: Flow) -> Flow:
    """The same flow, checked if it is a replace flow.

    Raises:
        UserError: when its arguments contradict each other.
    """
    problem = None
    if flow.replace_where is not None and flow.replace_using:
        problem = "replace_where and replace_using exclude each other"
    elif flow.replace_using and flow.sequence_by is None:
        problem = "replace_using needs sequence_by"
    elif flow.sequence_by is not None and not flow.replace_using:
        problem = "sequence_by belongs to replace_using"
    elif len({key.lower() for key in flow.replace_using}) < len(flow.replace_using):
        problem = "a column of replace_using is named twice"
    elif flow.replaces and flow.once:
        problem = "a replace flow cannot run once"
    if problem:
        raise fail(f"flow {flow.name}: {problem}", flow.place)
    return flow


def check_sink(flow: Flow, sink: Dataset) -> None:
    """Refuse what a sink does not take.

    Raises:
        UserError: for a batch, a replace flow, or an update flow into Delta.
    """
    if flow.once:
        raise fail(f"flow {flow.name} runs once, over a batch: a sink takes streams only", flow.place)
    if flow.replaces:
        raise fail(f"flow {flow.name} is a replace flow: a sink takes append flows and update flows", flow.place)
    if flow.sends_updates and sink.sink is not None and sink.sink.format == "delta":
        raise fail(f"flow {flow.name} is an update flow, and {flow.target} a Delta sink, which takes none", flow.place)


def check_dataset(dataset: Dataset) -> None:
    """Refuse flows that do not go together into one dataset.

    Raises:
        UserError: for the first thing that is wrong.
    """
    names = [flow.name for flow in dataset.all_flows]
    for name in names:
        if names.count(name) > 1:
            message = f"dataset {dataset.name} has two flows named {name}: give each a name"
            raise fail(message, dataset.place)
    if dataset.flows and (dataset.cdc_flows or dataset.snapshot_flows):
        message = f"dataset {dataset.name} has AUTO CDC flows and others: a target of AUTO CDC takes no other flow"
        raise fail(message, dataset.place)
    _check_snapshots_and_changes(dataset)
    if dataset.supplied and (dataset.cdc_flows or dataset.snapshot_flows):
        message = f"{dataset.name} is a target of AUTO CDC: lakeflow-local gives none of its columns a value "
        raise fail(f"{message}(GENERATED, IDENTITY, DEFAULT: {dataset.supplied[0].name})", dataset.place)
    if any(rule.is_identity for rule in dataset.supplied) and any(flow.replaces for flow in dataset.flows):
        message = f"{dataset.name} has an identity column: lakeflow-local does not support that with a replace flow"
        raise fail(message, dataset.place)
    if len(dataset.snapshot_flows) > 1:
        message = f"dataset {dataset.name} has two AUTO CDC FROM SNAPSHOT flows: its rows can follow one source only"
        raise fail(message, dataset.place)
    if dataset.snapshot_flows and dataset.expectations:
        message = f"{dataset.name} has expectations: expectations are not supported with AUTO CDC FROM SNAPSHOT"
        raise fail(message, dataset.place)
    if len({flow.scd_type for flow in dataset.cdc_flows}) > 1 or len({flow.keys for flow in dataset.cdc_flows}) > 1:
        message = f"the AUTO CDC flows into {dataset.name} differ in keys or SCD type"
        raise fail(message, dataset.place)


def _check_snapshots_and_changes(dataset: Dataset) -> None:
    """What the platform does not combine either: its errors APPLY_CHANGES_FROM_SNAPSHOT_ERROR.INTEROP_…."""
    for snapshot in dataset.snapshot_flows:
        for flow in dataset.cdc_flows:
            problem = None
            if snapshot.scd_type != 1 or flow.scd_type != 1:
                problem = "works with SCD type 1 only"
            elif {key.lower() for key in snapshot.keys} != {key.lower() for key in flow.keys}:
                problem = f"needs the same keys, and they are {', '.join(snapshot.keys)} and {', '.join(flow.keys)}"
            elif any(getattr(flow, argument) not in (None, False) for argument in _IGNORING_NULLS):
                problem = "does not work with ignore_null_updates"
            if problem:
                message = f"{dataset.name} is a target of snapshots and of changes, which {problem}"
                raise fail(message, flow.place)
