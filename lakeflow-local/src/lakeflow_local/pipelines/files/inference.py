"""Auto Loader's schema inference and evolution: which columns there are, remembered from one update to the next.

Source: https://docs.databricks.com/ingestion/auto-loader/schema.html. Where the platform stops a stream at a new column
and starts it again with the wider schema, here all new files are looked at before the stream starts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.types import StringType, StructField, StructType

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.files import landing
from lakeflow_local.pipelines.files.csv_files import CsvFiles
from lakeflow_local.pipelines.files.hints import hinted
from lakeflow_local.pipelines.files.widening import widened_field

WIDENING = "addnewcolumnswithtypewidening"
MODES = ("addnewcolumns", WIDENING, "rescue", "failonnewcolumns", "none")

Infer = Callable[[Sequence[str]], StructType]


class SchemaRecord:
    """What is known of one folder's schema.

    Attributes:
        schema: the columns so far; None before the first inference.
        files: those that have been looked at.
    """

    def __init__(self, file: Path | None) -> None:
        """
        Args:
            file: where it is kept; None for a schema that is inferred anew each time.
        """
        self._file = file
        self.schema: StructType | None = None
        self.files: set[str] = set()
        if file is not None and file.exists():
            kept = json.loads(file.read_text())
            self.schema, self.files = StructType.fromJson(kept["schema"]), set(kept["files"])

    def keep(self) -> None:
        """Write it to its file, atomically."""
        if self._file is None or self.schema is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        beside = self._file.with_suffix(".new")
        beside.write_text(json.dumps({"schema": self.schema.jsonValue(), "files": sorted(self.files)}))
        os.replace(beside, self._file)


def evolved(
    record: SchemaRecord, files: Sequence[str], infer: Infer, *, mode: str, hints: str, partitions: Sequence[str]
) -> StructType:
    """The columns to read a folder with: those known so far, in their types, and what its new files add.

    Args:
        record: what is known; brought up to date.
        files: all files of the folder.
        infer: the schema of some files.
        mode: a schema evolution mode, in lower case.
        hints: types that the author knows.
        partitions: columns that the names of the folders give; text.

    Raises:
        UserError: for an empty folder, a wrong hint, or a new column where the mode lets an update fail.
    """
    new = [file for file in files if file not in record.files]
    if record.schema is None:
        if not new:
            raise UserError(
                "cloudFiles: [CF_EMPTY_DIR_FOR_SCHEMA_INFERENCE] the folder has no file to infer a schema from: "
                "put one there, or give a schema"
            )
        found = [field for field in infer(new) if field.name not in partitions]
        record.schema = hinted(StructType([*found, *(StructField(name, StringType()) for name in partitions)]), hints)
    elif new and mode in ("addnewcolumns", "failonnewcolumns", WIDENING):
        known = {field.name.lower() for field in record.schema}
        found = list(infer(new))
        added = [field for field in found if field.name.lower() not in known]
        if added and mode == "failonnewcolumns":
            names = ", ".join(field.name for field in added)
            raise UserError(f"cloudFiles: new columns {names}, and schemaEvolutionMode is failOnNewColumns")
        schema = record.schema
        if mode == WIDENING:
            schema = hinted(StructType([widened_field(field, found) for field in schema]), hints)
        record.schema = StructType([*schema, *added])
    record.files.update(new)
    record.keep()
    return record.schema


def inferring(spark: SparkSession, kind: str, options: dict[str, str], *, typed: bool) -> Infer:
    """How the columns of some files are found.

    Args:
        kind: the format.
        options: the reader's own options, without those of Auto Loader.
        typed: infer types, too (`cloudFiles.inferColumnTypes`); else every column of JSON and CSV is text, as it stands
            in the file. Parquet has types in any case.
    """

    def infer(files: Sequence[str]) -> StructType:
        if kind == "csv":
            return CsvFiles(spark, options).infer(files, typed=typed)
        reader = spark.read.format(kind).options(**options)
        if kind == "parquet":
            reader = reader.option("mergeSchema", "true")
        elif kind == "json":
            reader = reader.option("primitivesAsString", str(not typed).lower())
        fields = list(reader.load([landing.literal(file) for file in files]).schema)
        if kind == "json" and not typed:
            fields = [StructField(field.name, StringType()) for field in fields]
        return StructType(_distinct(fields))

    return infer


def _distinct(fields: Sequence[StructField]) -> list[StructField]:
    """Of names that differ in case only, the first; a reader treats the others as unknown."""
    found: dict[str, StructField] = {}
    for field in fields:
        found.setdefault(field.name.lower(), field)
    return list(found.values())
