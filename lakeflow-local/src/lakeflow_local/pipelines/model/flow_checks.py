"""Checks of AUTO CDC flows, the same for Python and SQL."""

from __future__ import annotations

from lakeflow_local.pipelines.model.model import CdcFlow, Place, SnapshotFlow, fail


def scd_type_of(target: str, given: int | str | None, place: Place) -> int:
    """The type of history that `stored_as_scd_type` or STORED AS asks for: 1 or 2.

    Raises:
        UserError: for anything else.
    """
    text = str(given or 1)
    if text.lower() == "bitemporal":
        raise fail(f"AUTO CDC into {target}: lakeflow-local does not support BITEMPORAL targets yet", place)
    if text not in ("1", "2"):
        raise fail(f"AUTO CDC into {target}: stored_as_scd_type is 1 or 2, not {given}", place)
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
    if flow.scd_type == 2 and flow.apply_as_truncates is not None:
        raise fail(f"AUTO CDC into {flow.target}: apply_as_truncates works with SCD type 1 only", flow.place)
    return flow


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
