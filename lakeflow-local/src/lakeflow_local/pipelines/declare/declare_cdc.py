"""AUTO CDC flows, declared by Python with the arguments that Databricks documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lakeflow_local.pipelines.declare.declaring import caller, column_names, declarations, refuse_arguments
from lakeflow_local.pipelines.model.flow_checks import check_keys_and_history, checked, scd_type_of
from lakeflow_local.pipelines.model.model import CdcFlow, SnapshotFlow, fail


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
    **others: Any,
) -> None:
    """Declare an AUTO CDC flow: changes from `source`, in the order of `sequence_by`, applied to `target` by key.

    Arguments: https://docs.databricks.com/aws/en/ldp/developer/ldp-python-ref-apply-changes. `where` is of the older
    signature: a condition that every change must meet.

    Raises:
        UserError: for arguments that contradict each other, or are not supported.
    """
    place = caller()
    refuse_arguments("create_auto_cdc_flow", others, place)
    if columns_to_update is not None:
        raise fail(f"AUTO CDC into {target}: lakeflow-local does not support the argument columns_to_update yet", place)
    flow = CdcFlow(
        name=flow_name or name or target,
        target=target,
        source=source,
        keys=column_names(keys) or (),
        sequence_by=sequence_by,
        system_sequence_by=system_sequence_by,
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
    declarations().add_flow(checked(flow))


def create_auto_cdc_from_snapshot_flow(
    target: str,
    source: Any,
    keys: Sequence[Any],
    stored_as_scd_type: int | str | None = 1,
    track_history_column_list: Sequence[Any] | None = None,
    track_history_except_column_list: Sequence[Any] | None = None,
    name: str | None = None,
    once: bool = False,
    **others: Any,
) -> None:
    """Declare an AUTO CDC FROM SNAPSHOT flow: see `SnapshotFlow` for its source.

    Raises:
        UserError: for arguments that contradict each other.
    """
    place = caller()
    refuse_arguments("create_auto_cdc_from_snapshot_flow", others, place)
    if not isinstance(source, str) and not callable(source):
        message = f"AUTO CDC FROM SNAPSHOT into {target}: source is the name of a table or view, or a function"
        raise fail(message, place)
    flow = SnapshotFlow(
        name=name or target,
        target=target,
        source=source,
        keys=column_names(keys) or (),
        place=place,
        scd_type=scd_type_of(target, stored_as_scd_type, place, bitemporal=False),
        track_history_column_list=column_names(track_history_column_list),
        track_history_except_column_list=column_names(track_history_except_column_list),
        once=once,
    )
    check_keys_and_history(flow)
    declarations().add_flow(flow)
