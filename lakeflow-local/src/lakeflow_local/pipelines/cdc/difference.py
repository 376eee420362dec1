"""The difference between what a table has and what it should have, and the one commit that makes it so.

Rows that stay as they are are not told of: where nothing differs there is no commit, and the change feed of one has an
insert, an update or a delete for each row that differs.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakeflow_local.pipelines.cdc.change import comparable, named
from lakeflow_local.pipelines.model.names import quote
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.node import Node
from lakeflow_local.pipelines.store.tables import content
from lakeflow_local.spark.delta_writes import expect_write

KIND = "__kind"
INSERT, UPDATE, DELETE, SAME = "insert", "update", "delete", "same"
# Up to this size a table without a change feed is written as a whole, which is one pass over it, and a MERGE two.
SMALL_TABLE_BYTES = 1024 * 1024


def difference(rows: DataFrame, before: DataFrame, identity: Sequence[str]) -> DataFrame:
    """All of `rows` and what else is in `before`, each with its `__kind`; `identity` names a row in both."""
    had = {name.lower() for name in before.columns}
    for name in rows.columns:
        if name.lower() not in had:
            before = before.withColumn(name, F.lit(None).cast(rows.schema[name].dataType))
    new, old = rows.withColumn("__is", F.lit(True)).alias("new"), before.withColumn("__was", F.lit(True)).alias("old")

    def of(side: str, name: str) -> Column:
        return F.col(quote(side, name))

    pairs = new.join(old, _equal("new", "old", identity), "full_outer")
    rest = [field for field in rows.schema if field.name not in identity]
    same = reduce(
        lambda a, b: a & b,
        (
            comparable(of("new", field.name), field.dataType).eqNullSafe(
                comparable(of("old", field.name), field.dataType)
            )
            for field in rest
        ),
        F.lit(True),
    )
    kind = (
        F.when(F.col("__is").isNull(), F.lit(DELETE))
        .when(F.col("__was").isNull(), F.lit(INSERT))
        .when(same, F.lit(SAME))
        .otherwise(F.lit(UPDATE))
    )
    values = [F.when(F.col("__is"), of("new", name)).otherwise(of("old", name)).alias(name) for name in rows.columns]
    return pairs.select(*values, kind.alias(KIND))


def bring(
    context: UpdateContext,
    node: Node,
    rows: DataFrame,
    before: DataFrame,
    identity: Sequence[str],
    others: DataFrame | None = None,
    *,
    is_small: bool = False,
) -> int:
    """Give a dataset's table these rows as its whole content, in one commit or none.

    Args:
        before: its rows as they are.
        others: rows of it that stay as they are, which neither of the two has.
        is_small: there are so few rows that they fit into memory.

    Returns:
        How many rows were inserted or changed.
    """
    if not _fits(rows, before):
        whole = rows if others is None else rows.unionByName(others, allowMissingColumns=True)
        context.tables.replace(node.table, whole, node.dataset)
        return rows.count()
    as_whole = is_written_whole(context, node)
    changes = difference(rows, before, identity)
    if not as_whole:
        changes = changes.where(F.col(KIND) != SAME)
    with nullcontext(local(context, changes)) if is_small else kept(changes) as changes:
        counts = Counter(row[0] for row in changes.select(KIND).collect()) if is_small else counted(changes)
        if as_whole and (counts[UPDATE] or counts[DELETE]):
            whole = changes.where(F.col(KIND) != DELETE).select(*map(named, rows.columns))
            whole = whole if others is None else whole.unionByName(others, allowMissingColumns=True)
            context.tables.replace(node.table, whole, node.dataset)
        else:
            commit(context, node, changes, counts, identity)
    return counts[INSERT] + counts[UPDATE]


def commit(
    context: UpdateContext,
    node: Node,
    changes: DataFrame,
    counts: Counter[str],
    identity: Sequence[str],
    only: str = "TRUE",
) -> None:
    """Make changes of a table, in one commit or none.

    Args:
        changes: rows of the table with their `__kind`.
        counts: how many there are of each kind.
        only: a condition that every row of the table `t` meets which is changed or deleted; it tells Delta which files
            it need not read.
    """
    columns = [name for name in changes.columns if name != KIND]
    if not counts[UPDATE] and not counts[DELETE]:
        added = changes.where(F.col(KIND) == INSERT).select(*map(named, columns))
        known = {name.lower() for name in context.spark.read.table(node.table.sql).columns}
        if counts[INSERT] or any(name.lower() not in known for name in columns):
            context.tables.append(node.table, added, node.dataset)
        return
    view = f"__changes_{node.table.schema}_{node.table.table}"
    changes.where(F.col(KIND) != SAME).createOrReplaceTempView(view)
    on = " AND ".join(f"t.{quote(name)} <=> s.{quote(name)}" for name in identity)
    sets = ", ".join(f"t.{quote(name)} = s.{quote(name)}" for name in columns)
    names, values = ", ".join(map(quote, columns)), ", ".join(f"s.{quote(name)}" for name in columns)
    location = context.tables.location(node.table)
    assert location is not None  # it has rows that change
    expect_write(context.spark, location)
    try:
        context.spark.sql(
            f"MERGE WITH SCHEMA EVOLUTION INTO {node.table.sql} t USING `{view}` s ON {on} AND {only} "
            f"WHEN MATCHED AND s.{KIND} = '{DELETE}' THEN DELETE WHEN MATCHED THEN UPDATE SET {sets} "
            f"WHEN NOT MATCHED AND s.{KIND} = '{INSERT}' THEN INSERT ({names}) VALUES ({values})"
        )
    finally:
        context.spark.catalog.dropTempView(view)


def counted(changes: DataFrame) -> Counter[str]:
    """How many changes there are of each kind."""
    return Counter({row[0]: row[1] for row in changes.groupBy(KIND).count().collect()})


def local(context: UpdateContext, frame: DataFrame) -> DataFrame:
    """A frame's rows, computed now and kept in the JVM: a query over them that only filters and selects is no job."""
    rows = context.spark._jsparkSession.createDataFrame(frame._jdf.collectAsList(), frame._jdf.schema())
    return DataFrame(rows, context.spark)


def digest(rows: DataFrame) -> str:
    """A short text that tells the content of local rows."""
    values = (comparable(named(field.name), field.dataType) for field in rows.schema)
    hashes = sorted(row[0] for row in rows.select(F.xxhash64(*values)).collect())
    return hashlib.sha256(json.dumps([rows.columns, hashes]).encode()).hexdigest()


@contextmanager
def kept(frame: DataFrame) -> Iterator[DataFrame]:
    """Compute a frame once, for several queries over it."""
    try:
        yield frame.persist()
    finally:
        frame.unpersist()


def matching(left: DataFrame, right: DataFrame, names: Sequence[str], how: str) -> DataFrame:
    """A semi or anti join in which NULL equals NULL."""
    return left.alias("l").join(right.alias("r"), _equal("l", "r", names), how)


def _equal(one: str, other: str, names: Sequence[str]) -> Column:
    pairs: list[Column] = [F.col(quote(one, name)).eqNullSafe(F.col(quote(other, name))) for name in names]
    return reduce(lambda a, b: a & b, pairs)


def _fits(rows: DataFrame, before: DataFrame) -> bool:
    """Whether the table can take the rows as it is, or with columns more: it has none that they lack, or another type.

    Nullability is no part of a type here: Delta's tables take NULL in every column.
    """
    wanted = {field.name.lower(): field.dataType.simpleString() for field in rows.schema}
    return all(wanted.get(field.name.lower()) == field.dataType.simpleString() for field in before.schema)


def is_written_whole(context: UpdateContext, node: Node) -> bool:
    """Whether a dataset's table is so small that a change of it writes all of it, and has no feed that would tell."""
    location = context.tables.location(node.table)
    assert location is not None  # the table is there
    if content(location)[0] > SMALL_TABLE_BYTES:
        return False
    properties = context.spark.sql(f"SHOW TBLPROPERTIES {node.table.sql}").collect()
    return not any(row["key"] == "delta.enableChangeDataFeed" and row["value"].lower() == "true" for row in properties)
