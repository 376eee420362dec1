"""Auto Loader's `cloudFiles` source over Spark's file source: each file is read once, whatever its age."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.files import inference, json_files, landing, links
from lakeflow_local.pipelines.files.csv_files import CsvFiles
from lakeflow_local.pipelines.files.file_times import BOUNDS, FileTimes, ReaderOfTimes
from lakeflow_local.platform_paths.path_map import PathMap

# Auto Loader's own settings that change nothing about which rows arrive here.
_WITHOUT_EFFECT = {
    "backfillinterval",
    "cleansource",
    "format",
    "listonstart",
    "schemalocation",
    "useincrementallisting",
    "usemanagedfileevents",
    "usenotifications",
    "usestrictglobber",
    "validateoptions",
}
_LIMITS = {"maxfilespertrigger": "maxFilesPerTrigger", "maxbytespertrigger": "maxBytesPerTrigger"}
_HANDLED = {"infercolumntypes", "partitioncolumns", "schemaevolutionmode", "schemahints"}
# Settings that would change which rows arrive: only with the value that they have by default.
_ONLY_BY_DEFAULT = {"allowoverwrites": "false", "includeexistingfiles": "true"}
# All settings of Auto Loader that are known here, without the prefix `cloudFiles.`.
SETTINGS = {*_WITHOUT_EFFECT, *_LIMITS, *_HANDLED, *_ONLY_BY_DEFAULT}
_INFERRED = ("json", "csv", "parquet")
_FORMATS = ("text", *_INFERRED, "orc", "xml", "binaryFile")
_OF_BINARY = "path STRING, modificationTime TIMESTAMP, length BIGINT, content BINARY"


@dataclass(frozen=True)
class Place:
    """Where a reader reads and what for.

    Attributes:
        paths: what a path means here; relative ones belong to the bundle's folder.
        used: called with the folder of each load.
        record: for a folder, the file in which its inferred schema is kept; None to infer it anew each time.
        at_location: keep it at `cloudFiles.schemaLocation`, without which a stream must have a schema: outside of
            pipelines nothing else says where.
    """

    paths: PathMap
    used: Callable[[str], None] = lambda _: None
    record: Callable[[str], Path | None] = lambda _: None
    at_location: bool = False


class CloudFilesReader:
    """What `spark.readStream.format("cloudFiles")` gives: the same methods as Spark's own reader."""

    def __init__(self, spark: SparkSession, place: Place, *, streaming: bool = True, typed: bool = False) -> None:
        """
        Args:
            streaming: read as a stream, else all files that there are.
            typed: infer the types of JSON and CSV where the options don't say whether to.
        """
        self._spark, self._place, self._streaming, self._typed = spark, place, streaming, typed
        self._options: dict[str, str] = {}
        self._schema: StructType | None = None

    def format(self, source: str) -> Any:
        """Another source's reader, where the author goes on to name one."""
        if source.lower() == "cloudfiles":
            return self
        return (self._spark.readStream if self._streaming else self._spark.read).format(source)

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
        """The files of a folder as a DataFrame, a streaming one if the reader is for streams.

        Raises:
            UserError: for a folder that is not there, an unknown format, or settings that are not supported.
        """
        if schema is not None:
            self.schema(schema)
        self.options(**options)
        source = format if format and format.lower() != "cloudfiles" else self._setting("format", "")
        kind = next((name for name in _FORMATS if name.lower() == source.lower()), None)
        if kind is None:
            raise UserError(f"cloudFiles: set cloudFiles.format to one of {', '.join(_FORMATS)} (found '{source}')")
        if not path:
            raise UserError("cloudFiles: load() needs the path of a folder")
        folder = self.folder(path)
        if not landing.exists(folder):
            raise UserError(f"cloudFiles: there is no folder {folder}: make it, or correct the path")
        self._check()
        self._place.used(folder)
        if kind == "text":
            return self._reader(kind).load(links.readable(folder))
        if kind == "binaryFile":  # a stream asks for the schema, though it is always this one
            return self._reader(kind).schema(_OF_BINARY).load(links.readable(folder))
        if self._schema is not None:
            return self._frame(kind, folder, self._schema, self._options.get("rescueddatacolumn"), [])
        return self._inferred(kind, folder)

    def folder(self, path: str) -> str:
        """Where a path lies on this machine."""
        return landing.local_folder(path, self._place.paths)

    def _inferred(self, kind: str, folder: str) -> DataFrame:
        if kind not in _INFERRED or "://" in folder:
            raise UserError(
                f"cloudFiles: give a schema for {kind} in {folder}: lakeflow-local infers those of "
                f"{', '.join(_INFERRED)} files on this machine"
            )
        mode = self._setting("schemaevolutionmode", "addNewColumns").lower()
        if mode not in inference.MODES:
            modes = "addNewColumns, addNewColumnsWithTypeWidening, rescue, failOnNewColumns or none"
            raise UserError(f"cloudFiles: schemaEvolutionMode is {modes}, not {mode}")
        files = self._files(folder)
        record = inference.SchemaRecord(self._record(folder))
        partitions = self._partitions(folder, files)
        typed = self._setting("infercolumntypes", str(self._typed).lower()) == "true"
        infer = inference.inferring(self._spark, kind, self._plain_options(), typed=typed)
        schema = inference.evolved(
            record, files, infer, mode=mode, hints=self._setting("schemahints", ""), partitions=partitions
        )
        # As Auto Loader: a schema that was inferred has a column for what does not fit, except in mode none.
        rescued = self._options.get("rescueddatacolumn", None if mode == "none" else "_rescued_data")
        if kind == "parquet" and rescued and mode == "rescue":
            return self._parquet_rescued(folder, schema, infer(files), rescued, partitions)
        return self._frame(kind, folder, schema, rescued, partitions)

    def _record(self, folder: str) -> Path | None:
        if not (self._place.at_location and self._streaming):
            return self._place.record(folder)
        location = self._setting("schemalocation", None)
        if location is None:
            raise UserError("cloudFiles: give a schema, or cloudFiles.schemaLocation, where the inferred one is kept")
        return Path(self.folder(location), "_schemas", "inferred.json")

    def _frame(
        self, kind: str, folder: str, schema: StructType, rescued: str | None, partitions: list[str]
    ) -> DataFrame:
        """The rows in the columns of a schema, then those that the folders' names give, then what was rescued."""
        inside = StructType([field for field in schema if field.name not in partitions])
        source = links.readable(folder)
        if kind == "json":
            # A column of the usual name in the author's own schema asks for rescued data, too.
            asked = rescued or ("_rescued_data" if "_rescued_data" in schema.names else None)
            frame = json_files.parsed(self._reader("text"), source, inside, self._plain_options(), asked)
        elif kind == "csv" and "://" not in folder:
            asked = rescued or ("_rescued_data" if "_rescued_data" in schema.names else None)
            files = CsvFiles(self._spark, self._plain_options())
            frame = files.parsed(self._reader("csv"), source, self._files(folder), inside, asked)
        else:
            asked = rescued
            frame = self._reader(kind).schema(inside).load(source)
            if rescued and rescued not in inside.names:
                frame = frame.withColumn(rescued, F.lit(None).cast("string"))
        if not partitions:
            return frame
        given = {field.name: field.dataType for field in schema}
        of_folders = [_partition(name).cast(given[name]).alias(name) for name in partitions]
        columns = [F.col(f"`{field.name}`") for field in inside if field.name != asked]
        return frame.select(*columns, *of_folders, *([asked] if asked else []))

    def _parquet_rescued(
        self, folder: str, schema: StructType, found: StructType, rescued: str, partitions: list[str]
    ) -> DataFrame:
        """Columns that came after the first inference go to the column for rescued data."""
        known = {name.lower() for name in schema.names}
        extra = [field for field in found if field.name.lower() not in known]
        wide = StructType([*schema, *extra])
        frame = self._frame("parquet", folder, wide, None, partitions)
        pairs = [part for field in extra for part in (F.lit(field.name), F.col(f"`{field.name}`").cast("string"))]
        held = F.map_filter(F.create_map(*pairs), lambda _, value: value.isNotNull()) if pairs else None
        text = json_files.rescue_text(held) if held is not None else F.lit(None).cast("string")
        return frame.select(*(F.col(f"`{name}`") for name in schema.names), text.alias(rescued))

    def _reader(self, kind: str) -> Any:
        reader = (self._spark.readStream if self._streaming else self._spark.read).format(kind)
        # Subfolders are read as Auto Loader does, and a late file with an old time must not be ignored: no maximum age.
        reader = reader.option("recursiveFileLookup", "true")
        if self._streaming:
            reader = reader.option("maxFileAge", "36500d")
            for name, spark_name in _LIMITS.items():
                if self._setting(name, ""):
                    reader = reader.option(spark_name, _amount(name, self._setting(name, "")))
        reader = reader.options(**self._plain_options())
        return ReaderOfTimes(reader, self._times) if self._times else reader

    def _files(self, folder: str) -> list[str]:
        if "://" in folder:
            return []
        return landing.files(folder, self._options.get("pathglobfilter"), self._times.contain)

    @property
    def _times(self) -> FileTimes:
        return FileTimes.of(self._spark, self._options)

    def _partitions(self, folder: str, files: list[str]) -> list[str]:
        """Names in `name=value` folders, from the outermost on."""
        given = self._setting("partitioncolumns", None)
        if given is not None:
            return [name.strip() for name in given.split(",") if name.strip()]
        if not files or landing.is_pattern(folder):
            return []
        first = Path(files[0]).parent.parts[len(Path(folder).parts) :]
        return [part.split("=", 1)[0] for part in first if "=" in part]

    def _setting(self, name: str, default: Any) -> Any:
        """One of Auto Loader's settings."""
        return self._options.get(f"cloudfiles.{name}", default)

    def _plain_options(self) -> dict[str, str]:
        """What Spark's own reader of the format knows."""
        return {
            key: value
            for key, value in self._options.items()
            if not key.startswith("cloudfiles.") and key not in ("rescueddatacolumn", *BOUNDS)
        }

    def _check(self) -> None:
        landing.refuse_options(self._options, "cloudFiles")
        for key, value in self._options.items():
            name = key.removeprefix("cloudfiles.")
            if name == key or name in _WITHOUT_EFFECT or name in _LIMITS or name in _HANDLED:
                continue
            if _ONLY_BY_DEFAULT.get(name) == value.lower():
                continue
            wanted = f"{key}={value}" if name in _ONLY_BY_DEFAULT else f"the option {key}"
            raise UserError(f"cloudFiles: lakeflow-local does not support {wanted} yet")


def _amount(name: str, text: str) -> int:
    """A number of files or bytes: `1000`, `10g`."""
    found = re.fullmatch(r"\s*(\d+)\s*([kmgt]?)b?\s*", text, re.IGNORECASE)
    if found is None:
        raise UserError(f"cloudFiles: {name} must be a number, or a number of bytes like 10g, not '{text}'")
    return int(found[1]) * 1024 ** "_kmgt".index(found[2].lower() or "_")


def _partition(name: str) -> Any:
    """The value that a folder called `name=value` gives to the rows of its files."""
    text = F.url_decode(F.regexp_extract("_metadata.file_path", f"/{name}=([^/]*)/", 1))
    return F.when((text != "") & (text != "__HIVE_DEFAULT_PARTITION__"), text)
