"""Auto Loader's `cloudFiles` source over Spark's file source: each file is read once, whatever its age."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StringType, StructField, StructType

from lakeflow_local.errors import UserError

# Auto Loader's own settings that change nothing about which rows arrive here.
_WITHOUT_EFFECT = {
    "cloudfiles.backfillinterval",
    "cloudfiles.includeexistingfiles",
    "cloudfiles.infercolumntypes",
    "cloudfiles.listonstart",
    "cloudfiles.schemalocation",
    "cloudfiles.schemaevolutionmode",
    "cloudfiles.usemanagedfileevents",
    "cloudfiles.usenotifications",
    "cloudfiles.useincrementallisting",
    "cloudfiles.validateoptions",
    "cloudfiles.allowoverwrites",
    "cloudfiles.cleansource",
    "cloudfiles.partitioncolumns",
}
_LIMITS = {"cloudfiles.maxfilespertrigger": "maxFilesPerTrigger", "cloudfiles.maxbytespertrigger": "maxBytesPerTrigger"}
_FORMATS = ("text", "json", "csv", "parquet", "binaryFile")


class CloudFilesReader:
    """What `spark.readStream.format("cloudFiles")` gives: the same methods as Spark's own reader."""

    def __init__(self, spark: SparkSession, root: Path, used: Any = None) -> None:
        """
        Args:
            root: the bundle's folder, to which relative paths belong.
            used: called with the folder and the options of each load.
        """
        self._spark, self._root, self._used = spark, root, used
        self._options: dict[str, str] = {}
        self._schema: StructType | None = None

    def format(self, source: str) -> Any:
        """Another source after all."""
        return self._spark.readStream.format(source)

    def option(self, key: str, value: Any) -> CloudFilesReader:
        """Set one option; keys are compared without regard to case."""
        self._options[key.lower()] = str(value).lower() if isinstance(value, bool) else str(value)
        return self

    def options(self, **options: Any) -> CloudFilesReader:
        """Set several options."""
        for key, value in options.items():
            self.option(key, value)
        return self

    def schema(self, schema: StructType | str) -> CloudFilesReader:
        """Set the schema, DDL or StructType."""
        self._schema = schema if isinstance(schema, StructType) else StructType.fromDDL(schema)
        return self

    def load(self, path: str | None = None, format: str | None = None, schema: Any = None, **options: Any) -> DataFrame:
        """The files of a folder as a streaming DataFrame.

        Raises:
            UserError: for a folder that is not there, an unknown format, or settings that are not supported.
        """
        if schema is not None:
            self.schema(schema)
        self.options(**options)
        source = format if format and format.lower() != "cloudfiles" else self._options.get("cloudfiles.format", "")
        kind = next((name for name in _FORMATS if name.lower() == source.lower()), None)
        if kind is None:
            raise UserError(f"cloudFiles: set cloudFiles.format to one of {', '.join(_FORMATS)} (found '{source}')")
        if not path:
            raise UserError("cloudFiles: load() needs the path of a folder")
        folder = local_folder(path, self._root)
        if not _exists(folder):
            raise UserError(f"cloudFiles: there is no folder {folder}: make it, or correct the path")
        if self._used is not None:
            self._used(folder, self._options.get("pathglobfilter"))
        if kind == "json":
            return self._json(folder)
        return self._plain(kind, folder)

    def _reader(self, kind: str) -> Any:
        # A late file with an old time must not be ignored, so no maximum age; subfolders are read as Auto Loader does.
        reader = (
            self._spark.readStream.format(kind).option("maxFileAge", "36500d").option("recursiveFileLookup", "true")
        )
        for key, value in self._options.items():
            if key in _LIMITS:
                reader = reader.option(_LIMITS[key], value)
            elif key.startswith("cloudfiles.") and key not in {
                *_WITHOUT_EFFECT,
                "cloudfiles.format",
                "cloudfiles.schemahints",
            }:
                raise UserError(f"cloudFiles: lakeflow-local does not support the option {key} yet")
            elif not key.startswith("cloudfiles.") and key != "rescueddatacolumn":
                reader = reader.option(key, value)
        return reader

    def _plain(self, kind: str, folder: str) -> DataFrame:
        reader = self._reader(kind)
        if kind in ("text", "binaryFile"):
            return reader.load(folder)
        if self._schema is None:
            raise UserError(f"cloudFiles: give a schema for format {kind} (lakeflow-local does not infer it yet)")
        return reader.schema(self._schema).load(folder)

    def _json(self, folder: str) -> DataFrame:
        """JSON lines and what does not fit: `_rescued_data` (unknown, mistyped fields), `_corrupt_record` (no JSON)."""
        if self._schema is None:
            raise UserError("cloudFiles: give a schema for format json (lakeflow-local does not infer it yet)")
        rescued = self._options.get("rescueddatacolumn", "_rescued_data")
        corrupt = self._options.get("columnnameofcorruptrecord", "_corrupt_record")
        declared = [field for field in self._schema if field.name not in (rescued, corrupt)]
        names = {field.name for field in self._schema}
        wanted_rescue = rescued in names or "rescueddatacolumn" in self._options
        if self._options.get("multiline", "false") == "true":
            if wanted_rescue:
                raise UserError("cloudFiles: rescued data with multiLine JSON is not supported by lakeflow-local yet")
            return self._reader("json").schema(self._schema).load(folder)
        lines = self._reader("text").load(folder).where(F.trim("value") != "")
        strict = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": "__corrupt"}
        typed = StructType([*declared, StructField("__corrupt", StringType())])
        # As an array, because one line may hold several rows; an object alone is an array of one.
        landed = lines.select(
            F.col("value").alias("__line"),
            F.explode_outer(F.from_json("value", "array<string>")).alias("__text"),
        )
        text = F.coalesce(F.col("__text"), F.col("__line"))
        parsed = landed.select(
            text.alias("__text"),
            F.from_json(text, typed, strict).alias("__row"),
            F.from_json(text, "map<string,string>").alias("__map"),
        )
        columns = [F.col("__row")[field.name].alias(field.name) for field in declared]
        if wanted_rescue:
            columns.append(_rescue(declared).alias(rescued))
        if corrupt in names:
            columns.append(F.when(F.col("__map").isNull(), F.col("__text")).alias(corrupt))
        else:
            parsed = parsed.where(F.col("__map").isNotNull())  # as Auto Loader: without the column such a line is gone
        return parsed.select(*columns)


def _rescue(declared: list[StructField]) -> Any:
    """Fields that are not declared or do not cast to their declared type, as JSON with the file's path."""
    mistyped = [
        F.when(
            F.col("__map")[field.name].isNotNull() & F.col("__row")[field.name].isNull(),
            F.lit(field.name),
        )
        for field in declared
        if not _is_text(field.dataType)
    ]
    known = F.array(*(F.lit(field.name) for field in declared))
    broken = F.array_compact(F.array(*mistyped)) if mistyped else F.array().cast("array<string>")
    extra = F.map_filter("__map", lambda key, _: ~F.array_contains(known, key) | F.array_contains(broken, key))
    with_path = F.map_concat(extra, F.create_map(F.lit("_file_path"), F.col("_metadata.file_path")))
    return F.when(F.size(extra) > 0, F.to_json(with_path))


def _is_text(kind: DataType) -> bool:
    return isinstance(kind, StringType)


def local_folder(path: str, root: Path) -> str:
    """A folder on this machine: relative paths belong to the bundle, `/Volumes/…` lies under `.lakeflow/volumes/…`."""
    plain = path.removeprefix("dbfs:").removeprefix("file:") if path.startswith(("dbfs:/", "file:/")) else path
    if "://" in plain:
        return plain
    if plain.startswith("//"):
        plain = "/" + plain.lstrip("/")
    if plain.startswith("/Volumes/") and not Path(plain).exists():
        return str(root / ".lakeflow" / "volumes" / plain.removeprefix("/Volumes/"))
    return os.path.normpath(root / plain)


def _exists(folder: str) -> bool:
    if "://" in folder or any(mark in folder for mark in "*?[{"):
        return True  # Spark itself says what is wrong with these
    return Path(folder).exists()


def fingerprint(folder: str) -> str | None:
    """A hash over the names of a folder's files; None for what cannot be listed here (always read then)."""
    if "://" in folder or any(mark in folder for mark in "*?[{"):
        return None
    found = hashlib.sha256()
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            found.update(os.path.join(parent, name).encode("utf-8", "surrogateescape") + b"\n")
    return found.hexdigest()


def bytes_in(folder: str) -> int:
    """The size of a folder's files, those that have been read included."""
    return sum(os.path.getsize(os.path.join(parent, name)) for parent, _, files in os.walk(folder) for name in files)
