"""What AUTO CDC carries from update to update: each key's newest change, so that new ones are placed without the old.

It lies in folders of Parquet, each with the changes of the keys that one update touched; of a key that is in several
the newest counts. Folders that together weigh half of the oldest are written into one with it, so what is written stays
in proportion to what has come. The dataset's memory names the folders that count: another is left over from an update
that was killed.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import IntegerType, LongType, StructField, StructType

from lakeflow_local.pipelines.cdc.change import BUCKET, GENERATION, OPERATION, TRUNCATE, named
from lakeflow_local.pipelines.cdc.difference import matching
from lakeflow_local.pipelines.model.model import CdcFlow

# Rows are sorted by a hash of their key, so that those of a few keys are found by the statistics of files and pages.
BUCKETS = 1024
_FEW = 64
LARGE_BYTES = 16 * 1024 * 1024
_MOST_PARTS = 8


def bucketed(rows: DataFrame, flow: CdcFlow) -> DataFrame:
    """Rows with the bucket of their key, which is the same in every run; a truncate is in none."""
    bucket = F.pmod(F.xxhash64(*map(named, flow.keys)), F.lit(BUCKETS)).cast("int")
    if OPERATION in rows.columns:
        bucket = F.when(F.col(OPERATION) != TRUNCATE, bucket)
    return rows.withColumn(BUCKET, bucket)


def sorted_for_look_ups(rows: DataFrame, size: int) -> DataFrame:
    """Rows in the order of their buckets, in as many files as so many bytes deserve."""
    files = max(1, size // LARGE_BYTES)
    ranged = rows.coalesce(1) if files == 1 else rows.repartitionByRange(files, BUCKET)
    return ranged.sortWithinPartitions(BUCKET)


def near(rows: DataFrame, keys: DataFrame, flow: CdcFlow) -> DataFrame:
    """Of sorted rows, those in the buckets of some keys or in none; all of them if that leaves out too little."""
    if BUCKET not in rows.columns:
        return rows
    found = bucketed(keys, flow).select(BUCKET).distinct().limit(_FEW + 1).collect()
    if len(found) > _FEW:
        return rows
    # Not IN: of a list Delta compares the ends alone with a file's statistics. What is not sorted yet has no bucket.
    in_one = (F.col(BUCKET) == row[0] for row in found)
    return rows.where(reduce(lambda a, b: a | b, in_one, F.col(BUCKET).isNull()))


class Carried:
    """The folders of one dataset."""

    def __init__(self, folder: Path, spark: SparkSession) -> None:
        self._folder, self._spark = folder, spark

    def read(self, parts: Sequence[str], keys: DataFrame, flow: CdcFlow, schema: StructType) -> DataFrame:
        """The newest change of each of these keys, and the newest truncate.

        Args:
            schema: of what was written last; columns that are younger than a part are NULL in it.
        """
        rows = self._all(parts, schema)
        if self._size(parts) > LARGE_BYTES:
            rows = near(rows, keys, flow)
        is_truncate = F.col(OPERATION) == TRUNCATE
        of_keys = matching(rows.where(~is_truncate), keys, flow.keys, "left_semi")
        if flow.apply_as_truncates is not None:
            of_keys = of_keys.unionByName(rows.where(is_truncate))
        return _newest_of_each(of_keys, flow)

    def write(self, parts: Sequence[str], rows: DataFrame, flow: CdcFlow, version: int) -> list[str]:
        """Write the newest changes of some keys.

        Args:
            parts: those that count so far; none if `rows` has every key.
            version: of the changes that `rows` takes in.

        Returns:
            The parts that count from now on, without the ones that they replace.
        """
        schema = rows.schema
        rows = bucketed(rows, flow).withColumn(GENERATION, F.lit(version).cast("long"))
        oldest, younger = self._size(parts[:1]), self._size(parts[1:])
        if parts and (younger * 2 > oldest or len(parts) >= _MOST_PARTS):
            rows = _newest_of_each(self._all(parts, schema).unionByName(rows), flow)
            parts = []
        name = f"{version:020d}"
        size = oldest + younger if not parts else 0
        sorted_for_look_ups(rows, size).write.mode("overwrite").parquet(str(self._folder / name))
        return [*parts, name]

    def forget_all_but(self, parts: Sequence[str]) -> None:
        """Remove the folders that count no longer."""
        for folder in self._folder.glob("*"):
            if folder.name not in parts:
                shutil.rmtree(folder, ignore_errors=True)

    def _all(self, parts: Sequence[str], schema: StructType) -> DataFrame:
        stored = StructType([*schema, StructField(BUCKET, IntegerType()), StructField(GENERATION, LongType())])
        return self._spark.read.schema(stored).parquet(*(str(self._folder / part) for part in parts))

    def _size(self, parts: Sequence[str]) -> int:
        return sum(file.stat().st_size for part in parts for file in (self._folder / part).glob("*.parquet"))


def _newest_of_each(rows: DataFrame, flow: CdcFlow) -> DataFrame:
    row = F.struct(*map(named, rows.columns))
    keys = [named(key).alias(f"__key_{number}") for number, key in enumerate(flow.keys)]
    chosen = rows.groupBy(*keys, F.col(OPERATION) == TRUNCATE).agg(F.max_by(row, F.col(GENERATION)).alias("__row"))
    return chosen.select("__row.*")
