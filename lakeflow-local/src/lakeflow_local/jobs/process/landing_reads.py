"""`cloudFiles`, `read_files`, `COPY INTO` in tasks: Spark itself knows none of them, nor over Connect `DeltaTable`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from lakeflow_local.platform_paths.after_import import after_import
from lakeflow_local.platform_paths.path_map import PathMap

_BUILDERS = ("create", "createIfNotExists", "replace", "createOrReplace", "columnBuilder")


def install(paths: PathMap) -> None:
    """Let the sessions over Connect of this process read landing files as pipelines do."""

    def batch(module: ModuleType) -> None:
        _answer_format(module.DataFrameReader, paths, streaming=False)

    def stream(module: ModuleType) -> None:
        _answer_format(module.DataStreamReader, paths, streaming=True)

    def session(module: ModuleType) -> None:
        original = module.SparkSession.sql

        def sql(spark: Any, sqlQuery: str, *arguments: Any, **named: Any) -> Any:
            return original(spark, resolved(spark, sqlQuery, paths), *arguments, **named)

        module.SparkSession.sql = sql

    after_import(
        {
            "pyspark.sql.connect.readwriter": batch,
            "pyspark.sql.connect.streaming.readwriter": stream,
            "pyspark.sql.connect.session": session,
            "delta.tables": _refuse_delta_tables,
        }
    )


def resolved(spark: Any, text: str, paths: PathMap) -> str:
    """A statement with a temporary view in place of each `read_files(…)`; of a COPY INTO, its result."""
    lower = text.lower()
    if "copy" in lower and "into" in lower:
        from lakeflow_local.pipelines.files import copy_into

        if copy_into.is_one(text):
            return copy_into.run(spark, text, paths)
    if "read_files" not in lower and "cloud_files" not in lower:
        return text
    from lakeflow_local.pipelines.files import read_files  # slow, and few need it

    def open_reader(streaming: bool, typed: bool) -> Any:
        return _reader(spark, paths, streaming=streaming, typed=typed)

    return read_files.in_views(spark, text, open_reader)


def _refuse_delta_tables(module: ModuleType) -> None:
    """Over Connect they need a plugin of the server, which is not here; without it they look for a JVM in vain."""

    def refused(*_: Any, **__: Any) -> Any:
        raise NotImplementedError(
            "lakeflow-local has no DeltaTable in tasks, which reach Spark over Spark Connect: write SQL instead, "
            "MERGE INTO, UPDATE, DELETE, DESCRIBE HISTORY, OPTIMIZE"
        )

    for name in ("forName", "forPath", "isDeltaTable", "convertToDelta", *_BUILDERS):
        setattr(module.DeltaTable, name, staticmethod(refused))


def _answer_format(reader_class: Any, paths: PathMap, *, streaming: bool) -> None:
    original = reader_class.format

    def source(reader: Any, source: str) -> Any:
        if source.lower() == "cloudfiles":
            return _reader(reader._client, paths, streaming=streaming, typed=False)
        return original(reader, source)

    reader_class.format = source


def _reader(spark: Any, paths: PathMap, *, streaming: bool, typed: bool) -> Any:
    from lakeflow_local.pipelines.files.cloudfiles import CloudFilesReader, Place

    return CloudFilesReader(spark, Place(paths, at_location=True), streaming=streaming, typed=typed)
