"""Notices calls in a dataset function that do something at once, where the platform wants a DataFrame and nothing else.

https://docs.databricks.com/aws/en/ldp/developer/python-ref: such a function never uses `collect`, `count`, `toPandas`,
`save`, `saveAsTable`, `start` or `toTable`; https://docs.databricks.com/aws/en/ldp/limitations: `pivot` is not
supported. The calls work here, so each is said once, with its place.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from pyspark.sql import DataFrameWriter, DataFrameWriterV2, GroupedData
from pyspark.sql.classic.dataframe import DataFrame
from pyspark.sql.streaming.readwriter import DataStreamWriter

from lakeflow_local.pipelines.query import follow

_READS = ("collect", "count", "first", "foreach", "foreachPartition", "head", "isEmpty", "show", "tail", "take")
_READS += ("toLocalIterator", "toPandas")
_FILES = ("csv", "insertInto", "jdbc", "json", "orc", "parquet", "save", "saveAsTable", "text")
_TABLES = ("append", "create", "createOrReplace", "overwrite", "overwritePartitions", "replace")
_METHODS: dict[type, tuple[str, ...]] = {
    DataFrame: _READS,
    DataFrameWriter: _FILES,
    DataFrameWriterV2: _TABLES,
    DataStreamWriter: ("start", "toTable"),
    GroupedData: ("pivot",),
}


def install() -> None:
    """Wrap pyspark's methods, once per process."""
    if getattr(DataFrame, "_lakeflow_local", False):
        return
    DataFrame._lakeflow_local = True
    for owner, names in _METHODS.items():
        for name in names:
            setattr(owner, name, _noticed(getattr(owner, name)))


def _noticed(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        reads = follow.current()
        if reads is not None:
            caller = sys._getframe(1)
            reads.eager(method.__name__, caller.f_code.co_filename, caller.f_lineno)
        return method(self, *args, **kwargs)

    return call
