"""AUTO CDC flows, declared by Python with the arguments that Databricks documents; the checks hold for SQL as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lakeflow_local.pipelines.declaring import caller, column_names, fail, registry
from lakeflow_local.pipelines.model import CdcFlow, Place, SnapshotFlow


def create_auto_cdc_flow(
    target: str,
    source: str,
    keys: Sequence[Any],
    sequence_by: Any,
    where: Any = None,
    ignore_null_updates: bool = False,
    apply_as_deletes: Any = None,
    apply_as_truncates: Any = None,
    column_list: Sequence[Any] | None = None,
    except_column_list: Sequence[Any] | None = None,
    stored_as_scd_type: int | str | None = 1,
    track_history_column_list: Sequence[Any] | None = None,
    track_history_except_column_list: Sequence[Any] | None = None,
    name: str | None = None,
    flow_name: str | None = None,
    once: bool = False,
    ignore_null_updates_column_list: Sequence[Any] | None = None,
    ignore_null_updates_except_column_list: Sequence[Any] | None = None,
    system_sequence_by: Any = None,
    columns_to_update: Any = None,
) -> None:
    """Declare an AUTO CDC flow: changes from `source`, in the order of `sequence_by`, applied to `target` by key.

    Arguments: https://docs.databricks.com/aws/en/ldp/developer/ldp-python-ref-apply-changes. `where` is of the older
    signature: a condition that every change must meet.

    Raises:
        UserError: for arguments that contradict each other, or are not supported.
    """
    place = caller()
    for argument, value in (("system_sequence_by", system_sequence_by), ("columns_to_update", columns_to_update)):
        if value is not None:
            raise fail(f"AUTO CDC into {target}: lakeflow-local does not support the argument {argument} yet", place)
    flow = CdcFlow(
        name=flow_name or name or target,
        target=target,
        source=source,
        keys=column_names(keys) or (),
        sequence_by=sequence_by,
        place=place,
        where=where,
        apply_as_deletes=apply_as_deletes,
        apply_as_truncates=apply_as_truncates,
        column_list=column_names(column_list),
        except_column_list=column_names(except_column_list),
        scd_type=scd_type_of(target, stored_as_scd_type, place),
        track_history_column_list=column_names(track_history_column_list),
        track_history_except_column_list=column_names(track_history_except_column_list),
        ignore_null_updates=bool(ignore_null_updates),
        ignore_null_updates_column_list=column_names(ignore_null_updates_column_list),
        ignore_null_updates_except_column_list=column_names(ignore_null_updates_except_column_list),
        once=once,
    )
    registry().add_flow(checked(flow))


def scd_type_of(target: str, given: int | str | None, place: Place) -> int:
    """1 or 2.

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
    """The flow itself.

    Raises:
        UserError: when its arguments contradict each other.
    """
    _check_keys_and_history(flow)
    _check_exclusive(flow, "column_list")
    _check_exclusive(flow, "ignore_null_updates_column_list")
    chosen = flow.ignore_null_updates_column_list is not None or flow.ignore_null_updates_except_column_list is not None
    if flow.ignore_null_updates and chosen:
        message = f"AUTO CDC into {flow.target}: ignore_null_updates is for all columns, a list of columns excludes it"
        raise fail(message, flow.place)
    if flow.scd_type == 2 and flow.apply_as_truncates is not None:
        raise fail(f"AUTO CDC into {flow.target}: apply_as_truncates works with SCD type 1 only", flow.place)
    return flow


def _check_keys_and_history(flow: CdcFlow | SnapshotFlow) -> None:
    if not flow.keys:
        raise fail(f"AUTO CDC into {flow.target}: at least one key is needed", flow.place)
    _check_exclusive(flow, "track_history_column_list")


def _check_exclusive(flow: CdcFlow | SnapshotFlow, lists: str) -> None:
    excluding = f"{lists.removesuffix('column_list')}except_column_list"
    if getattr(flow, lists) is not None and getattr(flow, excluding) is not None:
        raise fail(f"AUTO CDC into {flow.target}: {lists} and {excluding} exclude each other", flow.place)


def create_auto_cdc_from_snapshot_flow(
    target: str,
    source: Any,
    keys: Sequence[Any],
    stored_as_scd_type: int | str | None = 1,
    track_history_column_list: Sequence[Any] | None = None,
    track_history_except_column_list: Sequence[Any] | None = None,
    name: str | None = None,
    once: bool = False,
) -> None:
    """Declare an AUTO CDC FROM SNAPSHOT flow: see `SnapshotFlow` for its source.

    Raises:
        UserError: for arguments that contradict each other.
    """
    place = caller()
    if not isinstance(source, str) and not callable(source):
        message = f"AUTO CDC FROM SNAPSHOT into {target}: source is the name of a table or view, or a function"
        raise fail(message, place)
    flow = SnapshotFlow(
        name=name or target,
        target=target,
        source=source,
        keys=column_names(keys) or (),
        place=place,
        scd_type=scd_type_of(target, stored_as_scd_type, place),
        track_history_column_list=column_names(track_history_column_list),
        track_history_except_column_list=column_names(track_history_except_column_list),
        once=once,
    )
    _check_keys_and_history(flow)
    registry().add_flow(flow)
