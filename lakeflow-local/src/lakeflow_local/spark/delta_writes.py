"""What is told to Delta before it writes."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession


def expect_write(spark: SparkSession, folder: Path) -> None:
    """Before a write that overwrites or merges into a table, or names its transaction: it needs no state of the table.

    Delta would compute that by a job of three stages, most of what a write of some rows costs; the checksum file of the
    newest version says it, too (`KnownSnapshot.java`).

    Args:
        folder: the table's; there need not be a table yet.
    """
    spark._jvm.lakeflow.local.KnownSnapshot.expectWrite(spark._jsparkSession, str(folder))
