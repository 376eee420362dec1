"""AUTO CDC from snapshots: each snapshot is compared with the target; a key that it lacks is deleted.

Semantics: https://docs.databricks.com/aws/en/ldp/developer/ldp-python-ref-apply-changes-from-snapshot. A snapshot that
is taken twice changes nothing, so a killed update is continued by taking it again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructType

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.cdc import change, difference
from lakeflow_local.pipelines.model.model import SnapshotFlow, fail
from lakeflow_local.pipelines.model.names import Stack
from lakeflow_local.pipelines.query import follow
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.evaluate import Evaluation
from lakeflow_local.pipelines.query.node import Node
from lakeflow_local.pipelines.query.repeatable import is_repeatable
from lakeflow_local.pipelines.store import failpoints
from lakeflow_local.pipelines.store.state import Memory
from lakeflow_local.pipelines.store.tables import as_struct, rows_written
from lakeflow_local.pipelines.writing.column_types import refuse_other_types

# A version's type in Python, its type in Spark, and how it is written down and read again. Subclasses come first.
_VERSIONS: tuple[tuple[type, str, Callable[[Any], str], Callable[[str], Any]], ...] = (
    (datetime, "timestamp", datetime.isoformat, datetime.fromisoformat),
    (date, "date", date.isoformat, date.fromisoformat),
    (int, "bigint", str, int),
    (float, "double", repr, float),
    (str, "string", str, str),
    (bytes, "binary", bytes.hex, bytes.fromhex),
    (Decimal, "decimal(38,18)", str, Decimal),
)


Taker = Callable[[DataFrame, Column, DataType], None]


def apply(
    context: UpdateContext,
    node: Node,
    flow: SnapshotFlow,
    stack: Stack,
    memory: Memory,
    take_elsewhere: Taker | None = None,
) -> tuple[list[Evaluation], bool]:
    """Take the snapshots that are new: the source as it is, or all that the source function gives, one by one.

    Args:
        take_elsewhere: takes a snapshot, its version and the version's type in place of bringing the target to it.

    Returns:
        What was read, and whether that tells that a later update would find the same.

    Raises:
        UserError: for a key that a snapshot lacks, or a version that is older than the one before.
    """
    if not callable(flow.source):
        evaluation, frame = _source_now(context, node, flow, stack)
        _take(context, node, flow, frame, datetime.now(UTC), memory, take_elsewhere)
        return [evaluation], is_repeatable(frame)
    evaluations: list[Evaluation] = []
    latest = _read_version(memory.snapshot)
    while True:
        evaluation = Evaluation(context, stack)
        answer = _ask(evaluation, flow, latest)
        evaluations.append(evaluation)
        if answer is None or answer[1] == latest:
            break
        frame, version = answer
        if latest is not None and version < latest:
            raise _fail(flow, f"snapshot {version} comes after {latest}: snapshots are taken in ascending order")
        _take(context, node, flow, frame, version, memory, take_elsewhere)
        latest = version
    if memory.resetting and take_elsewhere is None:
        if node.dataset.schema is None:
            raise _fail(flow, "there is no snapshot yet, and no schema that says what the target's columns are")
        context.tables.create(node.table, as_struct(node.dataset), node.dataset)
    return evaluations, False


def planned_schema(context: UpdateContext, node: Node, flow: SnapshotFlow, stack: Stack) -> StructType | None:
    """The target's columns, without writing; None while the source function has no snapshot."""
    if not callable(flow.source):
        _, frame = _source_now(context, node, flow, stack)
        return _merged(frame, None, flow, _literal(datetime.now(UTC), flow)).schema
    answer = _ask(Evaluation(context, stack), flow, None)
    return None if answer is None else _merged(answer[0], None, flow, _literal(answer[1], flow)).schema


def _source_now(context: UpdateContext, node: Node, flow: SnapshotFlow, stack: Stack) -> tuple[Evaluation, DataFrame]:
    evaluation = Evaluation(context, stack)
    frame = evaluation.frame(node.dataset, flow.query or (lambda: evaluation.spark.read.table(flow.source)))
    if frame.isStreaming:
        raise _fail(flow, "a snapshot is a batch query, and this one reads a stream")
    return evaluation, frame


def _ask(evaluation: Evaluation, flow: SnapshotFlow, latest: Any) -> tuple[DataFrame, Any] | None:
    with follow.following(evaluation):
        answer = flow.source(latest)
    if answer is None:
        return None
    if not isinstance(answer, tuple) or len(answer) != 2 or not isinstance(answer[0], DataFrame):
        raise _fail(flow, f"the source must return (DataFrame, version) or None, not {type(answer).__name__}")
    _version_kind(answer[1], flow)
    if latest is not None and type(answer[1]) is not type(latest):
        raise _fail(flow, f"version {answer[1]!r} is of another type than {latest!r} before")
    return answer


def _take(
    context: UpdateContext,
    node: Node,
    flow: SnapshotFlow,
    frame: DataFrame,
    version: Any,
    memory: Memory,
    take_elsewhere: Taker | None,
) -> None:
    """Bring the target to one snapshot, in one commit, or none if it changes nothing."""
    literal = _literal(version, flow)
    if take_elsewhere is not None:
        kind = frame.select(literal.alias("version")).schema["version"].dataType
        take_elsewhere(_merged(frame, None, flow, literal), literal, kind)
        memory.snapshot = _written_version(version)
        return context.store.remember(node.table, memory)
    if memory.resetting:
        before = context.tables.version(node.table)
        context.tables.replace(node.table, _merged(frame, None, flow, literal), node.dataset)
        location = context.tables.location(node.table)
        assert location is not None  # just written
        node.result.rows += rows_written(location, before, context.tables.version(node.table))
    else:
        refuse_other_types(context, node, flow, frame.schema)
        target = context.spark.read.table(node.table.sql)
        identity, closed = list(flow.keys), None
        if flow.scd_type == 2:
            is_open = change.named(change.END).isNull()
            identity, closed, target = [*identity, change.START], target.where(~is_open), target.where(is_open)
        rows = _merged(frame, target, flow, literal)
        node.result.rows += difference.bring(context, node, rows, target, identity, closed)
    failpoints.reached("after_commit", node.result.name)
    memory.snapshot, memory.resetting = _written_version(version), False
    context.store.remember(node.table, memory)


def _merged(snapshot: DataFrame, target: DataFrame | None, flow: SnapshotFlow, version: Column) -> DataFrame:
    """The target's rows after a snapshot."""
    known = {name.lower(): name for name in snapshot.columns}
    for name in (*flow.keys, *(flow.track_history_column_list or ()), *(flow.track_history_except_column_list or ())):
        if name.lower() not in known:
            raise _fail(flow, f"the snapshot has no column {name}")
    keys = [known[key.lower()] for key in flow.keys]
    snapshot = _one_row_per_key(snapshot, keys)
    if flow.scd_type == 1:
        return snapshot
    columns = snapshot.columns
    if target is None:
        return snapshot.select(*map(change.named, columns), version.alias(change.START), _end_of_type(version))
    old = {field.name.lower(): field for field in target.schema if field.name not in (change.START, change.END)}
    for name in columns:
        if name.lower() not in old:
            target = target.withColumn(name, F.lit(None).cast(snapshot.schema[name].dataType))
    for lower, field in old.items():
        if lower not in known:
            snapshot = snapshot.withColumn(field.name, F.lit(None).cast(field.dataType))
    return _history(snapshot, target, keys, _tracked(snapshot, keys, flow), version)


def _history(
    snapshot: DataFrame, target: DataFrame, keys: list[str], tracked: list[tuple[str, DataType]], version: Column
) -> DataFrame:
    """SCD type 2: closed rows stay; an open row that the snapshot changes or lacks is closed at this version."""
    columns = snapshot.columns
    was = target.where(change.named(change.END).isNull()).withColumn("__was", F.lit(True)).alias("was")
    now = snapshot.withColumn("__is", F.lit(True)).alias("now")

    def old(name: str) -> Column:
        return F.col(f"was.`{name}`")

    def new(name: str) -> Column:
        return F.col(f"now.`{name}`")

    pairs = was.join(now, reduce(lambda a, b: a & b, (old(key).eqNullSafe(new(key)) for key in keys)), "full_outer")
    same = old("__was").isNotNull() & new("__is").isNotNull()
    for name, kind in tracked:
        same = same & change.comparable(old(name), kind).eqNullSafe(change.comparable(new(name), kind))
    ended = pairs.where(old("__was").isNotNull() & ~same).select(
        *(old(name).alias(name) for name in columns), old(change.START).alias(change.START), version.alias(change.END)
    )
    current = pairs.where(new("__is").isNotNull()).select(
        *(new(name).alias(name) for name in columns),
        F.when(same, old(change.START)).otherwise(version).alias(change.START),
        _end_of_type(version),
    )
    closed = target.where(change.named(change.END).isNotNull()).select(
        *map(change.named, columns), change.START, change.END
    )
    return closed.unionByName(ended).unionByName(current)


def _end_of_type(version: Column) -> Column:
    return F.when(F.lit(False), version).alias(change.END)


def _one_row_per_key(snapshot: DataFrame, keys: list[str]) -> DataFrame:
    """Of several rows with one key one counts, the same in every run; the platform leaves this undefined."""
    row = F.struct(*map(change.named, snapshot.columns))
    chosen = snapshot.groupBy(*map(change.named, keys)).agg(
        F.max_by(row, change.tie(snapshot.schema, snapshot.columns)).alias("__row")
    )
    return chosen.select(*(F.col("__row")[name].alias(name) for name in snapshot.columns))


def _tracked(snapshot: DataFrame, keys: list[str], flow: SnapshotFlow) -> list[tuple[str, DataType]]:
    """The columns whose change begins a version, with their types."""
    if flow.track_history_column_list is not None:
        chosen = {name.lower() for name in flow.track_history_column_list}
    else:
        left_out = {name.lower() for name in (*keys, *(flow.track_history_except_column_list or ()))}
        chosen = {name.lower() for name in snapshot.columns} - left_out
    return [(field.name, field.dataType) for field in snapshot.schema if field.name.lower() in chosen]


def _literal(version: Any, flow: SnapshotFlow) -> Column:
    return F.lit(version).cast(_version_kind(version, flow)[1])


def _version_kind(version: Any, flow: SnapshotFlow) -> Any:
    found = next((kind for kind in _VERSIONS if isinstance(version, kind[0]) and not isinstance(version, bool)), None)
    if found is None:
        names = ", ".join(kind[0].__name__ for kind in _VERSIONS)
        raise _fail(flow, f"a version is one of {names}, not {type(version).__name__}")
    return found


def _written_version(version: Any) -> list[str]:
    kind, _, write, _ = next(kind for kind in _VERSIONS if isinstance(version, kind[0]))
    return [kind.__name__, write(version)]


def _read_version(written: list[str] | None) -> Any:
    if written is None:
        return None
    return next(read(written[1]) for kind, _, _, read in _VERSIONS if kind.__name__ == written[0])


def _fail(flow: SnapshotFlow, message: str) -> UserError:
    text = f"AUTO CDC FROM SNAPSHOT into {flow.target}: {message}"
    return fail(text, flow.place)
