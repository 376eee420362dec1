"""AUTO CDC on Delta: changes go to a table of the engine's own, then the keys that they touch are computed anew.

The target's rows for a key are a function of all its changes (`fold`), so order, duplicates and repetition do not
matter: a killed update is continued by folding again. Deletes stay among the changes for good, so a late row revives
no deleted key.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from lakeflow_local.pipelines.cdc import bitemporal, change, difference, fold
from lakeflow_local.pipelines.cdc.carried import LARGE_BYTES, Carried, bucketed, near, sorted_for_look_ups
from lakeflow_local.pipelines.cdc.ties import say_ties
from lakeflow_local.pipelines.model.model import BITEMPORAL, CdcFlow
from lakeflow_local.pipelines.model.names import quote
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.evaluate import Evaluation
from lakeflow_local.pipelines.query.node import Node
from lakeflow_local.pipelines.store import failpoints
from lakeflow_local.pipelines.store.state import Memory
from lakeflow_local.pipelines.store.tables import content, files_added, rows_written
from lakeflow_local.pipelines.writing.column_types import refuse_other_types
from lakeflow_local.pipelines.writing.stream import drain, metrics_of, observed
from lakeflow_local.spark.delta_writes import expect_write
from lakeflow_local.spark.stored import log_version

# Up to this size all changes are placed again each time: that costs less than carrying the newest ones along.
SMALL_STORE_BYTES = 512 * 1024
_TIMES = {1: (), 2: (change.START,), BITEMPORAL: (change.START, change.SYSTEM_START)}  # that tell a key's rows apart
MOST_FILES = 64  # of changes, before they are written as few


def target_schema(source: DataFrame, flow: CdcFlow) -> StructType:
    """The columns of the target."""
    changes = change.to_changes(source, flow).schema
    columns = [field for field in changes if field.name not in (change.SEQUENCE, change.SYSTEM, change.OPERATION)]
    if flow.scd_type != 1:
        kind = changes[change.SEQUENCE].dataType
        columns += [StructField(change.START, kind), StructField(change.END, kind)]
    if flow.scd_type == BITEMPORAL:
        kind = changes[change.SYSTEM].dataType
        columns += [StructField(change.SYSTEM_START, kind), StructField(change.SYSTEM_END, kind)]
    return StructType(columns)


def apply(
    context: UpdateContext, node: Node, flow: CdcFlow, evaluation: Evaluation, source: DataFrame, memory: Memory
) -> None:
    """Take in the new changes of one flow and bring the target up to date with them.

    Raises:
        UserError: for a column that the source lacks, or has in another type than the target.
    """
    store = context.store.changes(node.table)
    if not memory.resetting:
        refuse_other_types(context, node, flow, target_schema(source, flow))
    frame = change.to_changes(evaluation.count_rules(source, node.dataset), flow)
    before = log_version(store)
    expect_write(context.spark, store)
    if frame.isStreaming:
        writer = frame.writeStream.format("delta").outputMode("append").option("mergeSchema", "true")
        writer = writer.option("checkpointLocation", str(context.store.checkpoint(node.table, flow.name)))
        figures = drain(writer.trigger(availableNow=True).start(str(store)))
        node.result.metric_sets += metrics_of(evaluation.notes.counters, figures)
    else:
        with observed(evaluation.notes.counters) as metrics:
            writer = frame.write.format("delta").mode("append").option("mergeSchema", "true")
            writer.option("txnAppId", f"once:{flow.name}").option("txnVersion", "1").save(str(store))
        node.result.metric_sets += metrics
    now = log_version(store)
    node.result.rows += rows_written(store, before, now)
    failpoints.reached("after_changes", node.result.name)
    if now != before:
        large = content(store)[0] > SMALL_STORE_BYTES
        say_ties(context, node, flow, store, files_added(store, before, now), only_added=large)
    target = Target(context, node, _with_truncates_of_all(flow, node), memory)
    exists = context.tables.exists(node.table) and not memory.resetting
    if now is None:
        if not exists:
            context.tables.create(node.table, target_schema(source, flow), node.dataset)
    elif not exists or memory.folded is None or memory.placing != target.placing:
        target.compute_anew(now, exists=exists)
    elif memory.folded < now:
        target.take_in(memory.folded, now)
    memory.folded, memory.placing, memory.resetting = now, target.placing, False
    context.store.remember(node.table, memory)
    target.tidy_up()


class Target:
    """The target of AUTO CDC with what is stored for it."""

    def __init__(self, context: UpdateContext, node: Node, flow: CdcFlow, memory: Memory) -> None:
        self._context, self._node, self._flow, self._memory = context, node, flow, memory
        self._log = context.store.changes(node.table)
        self._carried = Carried(context.store.carried(node.table), context.spark)
        self._looks_up, self._is_mixed = False, True
        self._identity = [*flow.keys, *_TIMES[flow.scd_type]]

    @property
    def placing(self) -> str:
        """What decides how changes are placed: if it is another than before, all of them are placed anew."""
        names = [field.name for field in fields(CdcFlow) if field.name == "keys" or field.name.endswith("_list")]
        names += ["scd_type", "ignore_null_updates"]
        flows = self._node.dataset.cdc_flows
        return json.dumps([[getattr(flow, name) for name in names] for flow in flows])

    def compute_anew(self, now: int, *, exists: bool) -> None:
        """Place all changes that there ever were, and make good the difference to what the table has."""
        changes, flow = self._changes(), self._flow
        if flow.scd_type == BITEMPORAL:
            return self._hold(bitemporal.fold(changes, flow), exists=exists)
        placed = fold.place(changes, flow)
        carries = content(self._log)[0] > SMALL_STORE_BYTES
        with difference.kept(placed) if carries else nullcontext(placed) as placed:
            self._carry_nothing()
            rows = fold.rows(placed, flow)
            self._hold(_open_apart(rows) if carries and flow.scd_type == 2 else rows, exists=exists)
            if carries:
                newest = fold.newest(placed, flow)
                if flow.apply_as_truncates is not None:
                    newest = newest.unionByName(fold.newest_truncate(changes.drop(change.BUCKET)))
                self._carry([], newest, now)

    def take_in(self, after: int, now: int) -> None:
        """Bring the keys up to date that the changes in between touch."""
        added = files_added(self._log, after, now)
        if added == []:
            return
        flow, parts = self._flow, self._memory.carried
        by_key = content(self._log)[0] > SMALL_STORE_BYTES if flow.scd_type == BITEMPORAL else parts
        if added is None or not by_key:
            return self.compute_anew(now, exists=True)
        new = self._context.spark.read.schema(self._changes().schema).parquet(*added).drop(change.BUCKET)
        if flow.apply_as_truncates is not None and not new.where(F.col(change.OPERATION) == change.TRUNCATE).isEmpty():
            return self.compute_anew(now, exists=True)
        keys = new.select(*map(change.named, flow.keys)).distinct()
        if flow.scd_type == BITEMPORAL:
            return self._change(bitemporal.fold(self._all_of(keys), flow), self._rows_of(keys))
        carried = self._carried.read(parts, keys, flow, fold.carried_schema(new.schema, flow)).drop(change.BUCKET)
        with difference.kept(fold.place(carried.unionByName(new, allowMissingColumns=True), flow)) as placed:
            before = fold.rows_before(carried, flow)
            late = placed.where(F.col(change.LATE)).select(*map(change.named, flow.keys)).distinct()
            only = f"t.`{change.END}` IS NULL" if flow.scd_type == 2 else "TRUE"
            if fold.may_be_late(new.columns, flow) and not late.isEmpty():
                only = "TRUE"
                in_time = placed.where(~F.col(change.LATE))
                placed = in_time.unionByName(fold.place(self._all_of(late), flow))
                before = difference.matching(before, late, flow.keys, "left_anti")
                before = before.unionByName(self._rows_of(late), allowMissingColumns=True)
            self._carry_nothing()
            self._change(fold.rows(placed, flow), before, only)
            self._carry(parts, fold.newest(placed, flow), now)

    def _hold(self, rows: DataFrame, *, exists: bool) -> None:
        """Let the table have these rows."""
        context, node = self._context, self._node
        if content(self._log)[0] <= SMALL_STORE_BYTES:
            self._hold_few(difference.local(context, rows), exists=exists)
        elif exists:
            difference.bring(context, node, rows, self._table(), self._identity)
        else:
            context.tables.replace(node.table, rows, node.dataset)
            self._is_mixed = False
        failpoints.reached("after_commit", node.result.name)

    def _hold_few(self, rows: DataFrame, *, exists: bool) -> None:
        """The same with rows in memory: what the table has need not be read, if nobody else has written it since."""
        context, node, memory = self._context, self._node, self._memory
        digest = difference.digest(rows)
        is_known = exists and memory.held_at is not None and memory.held_at == context.tables.version(node.table)
        if is_known and memory.held == digest:
            return
        if is_known or not exists:
            context.tables.replace(node.table, rows, node.dataset)
        else:
            difference.bring(context, node, rows, self._table(), self._identity, is_small=True)
        has_no_feed = is_known or difference.is_written_whole(context, node)
        memory.held, memory.held_at = digest, context.tables.version(node.table) if has_no_feed else None

    def _change(self, rows: DataFrame, before: DataFrame, only: str = "TRUE") -> None:
        """Let the table have these rows in place of some that it has."""
        changes = difference.difference(rows, before, self._identity)
        with difference.kept(changes.where(F.col(difference.KIND) != difference.SAME)) as changes:
            counts = difference.counted(changes)
            difference.commit(self._context, self._node, changes, counts, self._identity, only)
        failpoints.reached("after_commit", self._node.result.name)

    def _all_of(self, keys: DataFrame) -> DataFrame:
        """All changes of some keys, and the truncates, which are changes of every key."""
        self._looks_up = True
        changes, flow = self._changes(), self._flow
        found = difference.matching(near(changes, keys, flow), keys, flow.keys, "left_semi")
        if flow.apply_as_truncates is None:
            return found
        is_truncate = F.col(change.OPERATION) == change.TRUNCATE
        return found.where(~is_truncate).unionByName(changes.where(is_truncate))

    def _rows_of(self, keys: DataFrame) -> DataFrame:
        """The table's rows of some keys."""
        return difference.matching(self._table(), keys, self._flow.keys, "left_semi")

    def tidy_up(self) -> None:
        """Remove what is no longer needed, and write anew what has grown since it was last in order."""
        self._carried.forget_all_but(self._memory.carried)
        self._sort_changes()
        self._set_open_rows_apart()

    def _sort_changes(self) -> None:
        """Write many small files of changes as few, in which a key is found."""
        size, files = content(self._log)
        looked_up = self._looks_up and size > LARGE_BYTES
        if (files > MOST_FILES or looked_up) and size > 2 * self._memory.sorted_bytes:
            if change.BUCKET not in self._changes().columns:
                self._context.spark.sql(f"ALTER TABLE delta.{quote(str(self._log))} ADD COLUMNS ({change.BUCKET} INT)")
            _rearrange(sorted_for_look_ups(bucketed(self._changes(), self._flow), size), self._log)
            self._memory.sorted_bytes = content(self._log)[0]
            self._context.store.remember(self._node.table, self._memory)

    def _set_open_rows_apart(self) -> None:
        """Let the next MERGE, which closes open rows of a large history, find them apart from the closed ones."""
        location = self._context.tables.location(self._node.table)
        if (
            self._flow.scd_type != 2
            or not self._memory.carried
            or location is None
            or self._node.dataset.partition_cols
        ):
            return
        size = content(location)[0]
        if size > difference.SMALL_TABLE_BYTES and size * 8 > self._memory.apart_bytes * 9:
            if self._memory.apart_bytes or self._is_mixed:
                _rearrange(_open_apart(self._table()), location)
            self._memory.apart_bytes = content(location)[0]
            self._context.store.remember(self._node.table, self._memory)

    def _changes(self) -> DataFrame:
        return self._context.spark.read.format("delta").load(str(self._log))

    def _table(self) -> DataFrame:
        return self._context.spark.read.table(self._node.table.sql)

    def _carry(self, parts: list[str], rows: DataFrame, now: int) -> None:
        self._memory.carried = self._carried.write(parts, rows, self._flow, now)
        failpoints.reached("after_carried", self._node.result.name)

    def _carry_nothing(self) -> None:
        """From here to the end of the update it is not known whether table and carried changes belong together."""
        if self._memory.carried:
            self._memory.carried = []
            self._context.store.remember(self._node.table, self._memory)


def _open_apart(rows: DataFrame) -> DataFrame:
    """The rows of a history with the open ones in a file of their own, as a MERGE writes the files anew it changes."""
    is_open = F.col(change.END).isNull()
    return rows.where(~is_open).union(rows.where(is_open).coalesce(1))


def _rearrange(rows: DataFrame, folder: Path) -> None:
    """Write a Delta table's rows in another order, in a commit that changes no row."""
    rows.write.format("delta").mode("overwrite").option("dataChange", "false").save(str(folder))


def _with_truncates_of_all(flow: CdcFlow, node: Node) -> CdcFlow:
    """The flow, with truncates if another one into its target has them: their changes lie together."""
    truncating = [other.apply_as_truncates for other in node.dataset.cdc_flows if other.apply_as_truncates is not None]
    return replace(flow, apply_as_truncates=truncating[0]) if truncating else flow
