"""Stand-in tables: a file takes the place of what only a workspace has, such as `samples.nyctaxi.trips`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeflow_local.errors import UserError
from lakeflow_local.spark import catalogs

if TYPE_CHECKING:
    from lakeflow_local.spark.session import SparkServer

_FORMATS = {".csv": "csv", ".json": "json", ".jsonl": "json", ".parquet": "parquet"}
# So that a newcomer's CSV of numbers and dates becomes a table of numbers and dates.
_OPTIONS = {"csv": {"header": "true", "inferSchema": "true"}, "json": {}, "parquet": {}}


@dataclass(frozen=True)
class Seed:
    """One stand-in.

    Attributes:
        schema: of spark_catalog, where the table is put.
        table: its name there.
        catalog: the catalog of its full name.
        file: CSV with a header, JSON lines or Parquet; a folder of one of them.
        kind: the file's format, as Spark calls it.
    """

    catalog: str
    schema: str
    table: str
    file: Path
    kind: str


def parse(texts: Iterable[str]) -> list[Seed]:
    """Read `--seed [CATALOG.]SCHEMA.TABLE=FILE` options.

    Raises:
        UserError: for a text that is none, a file that is not there or whose format is not known.
    """
    return [_parsed(text) for text in texts]


def _parsed(text: str) -> Seed:
    name, _, path = text.partition("=")
    parts = [part.strip().strip("`") for part in name.split(".")]
    if not path or len(parts) not in (2, 3) or not all(parts):
        raise UserError(f"--seed {text}: write --seed schema.table=FILE or catalog.schema.table=FILE")
    file = Path(path).expanduser()
    if not file.exists():
        raise UserError(f"--seed {name}: there is no file {file}")
    first = (
        next((found for found in sorted(file.iterdir()) if found.suffix in _FORMATS), file) if file.is_dir() else file
    )
    if first.suffix not in _FORMATS:
        raise UserError(f"--seed {name}: {file} is none of {', '.join(_FORMATS)}")
    catalog = parts[0] if len(parts) == 3 else catalogs.LOCAL
    schema = catalogs.local_schema(catalog, parts[-2])
    return Seed(catalog, schema, parts[-1], file.resolve(), _FORMATS[first.suffix])


def plant(server: SparkServer, seeds: Iterable[Seed]) -> None:
    """Make the tables, in place of what they held.

    Raises:
        UserError: for a file that Spark cannot read.
    """
    from pyspark.errors import PySparkException

    spark: Any = server.spark
    for seed in seeds:
        server.create_schema(seed.schema)
        try:
            frame = spark.read.format(seed.kind).options(**_OPTIONS[seed.kind]).load(str(seed.file))
            writer = frame.write.format("delta").mode("overwrite").option("overwriteSchema", "true")
            writer.saveAsTable(f"`{seed.schema}`.`{seed.table}`")
        except PySparkException as error:
            raise UserError(f"cannot be made into a table: {str(error).splitlines()[0]}", file=seed.file) from None
