"""CSV files as Auto Loader reads them: columns by the names in each file's header, and what does not fit is rescued.

Spark takes the columns of all files by their place in the first one: it misreads a folder where a column came later.
"""

from __future__ import annotations

import bz2
import csv
import gzip
from collections.abc import Callable, Sequence
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    DataType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.files import landing
from lakeflow_local.pipelines.files.json_files import rescue_text

_OPENERS = {".gz": gzip.open, ".bz2": bz2.open}
# What says how a value is written, not where it stands in a line.
_OF_VALUES = {
    "dateformat",
    "timestampformat",
    "timestampntzformat",
    "locale",
    "nanvalue",
    "positiveinf",
    "negativeinf",
    "timezone",
}
_WIDER: dict[type[DataType], int] = {IntegerType: 1, LongType: 2, DoubleType: 3}


class CsvFiles:
    """Reads CSV files with one set of options, in lower case."""

    def __init__(self, spark: SparkSession, options: dict[str, str]) -> None:
        self._spark, self._options = spark, options
        self._has_header = options.get("header", "false").lower() == "true"

    def header(self, file: str) -> tuple[str, ...]:
        """The names of a file's columns, those of Spark without a header line; empty for an empty file.

        Raises:
            UserError: for options or a file that cannot be read here.
        """
        dialect: dict[str, Any] = {"delimiter": self._options.get("sep", self._options.get("delimiter", ","))}
        dialect["quotechar"] = self._options.get("quote", '"') or None
        dialect["quoting"] = csv.QUOTE_MINIMAL if dialect["quotechar"] else csv.QUOTE_NONE
        encoding = self._options.get("encoding", self._options.get("charset", "utf-8-sig"))
        opener: Any = next((found for end, found in _OPENERS.items() if file.endswith(end)), open)
        comment = self._options.get("comment")
        try:
            with opener(file, "rt", encoding=encoding, errors="replace", newline="") as stream:
                lines = (line for line in stream if line.strip() and not (comment and line.startswith(comment)))
                first = next(csv.reader(lines, **dialect), [])
        except (TypeError, csv.Error, LookupError, OSError) as error:
            raise UserError(f"cloudFiles: the first line of {file} cannot be read as CSV: {error}") from None
        if not self._has_header:
            return tuple(f"_c{index}" for index in range(len(first)))
        lower = [name.lower() for name in first]
        # As Spark names what has no name of its own.
        return tuple(
            (name or "_c") + str(index) if not name or lower.count(name.lower()) > 1 else name
            for index, name in enumerate(first)
        )

    def infer(self, files: Sequence[str], *, typed: bool) -> StructType:
        """The columns of all files, in the order in which they come up; text, or the widest type that Spark sees."""
        found: dict[str, StructField] = {}
        for header, members in self._groups(files).items():
            kinds: Sequence[DataType] = [StringType()] * len(header)
            if typed:
                reader = self._spark.read.format("csv").options(**self._options).option("inferSchema", "true")
                kinds = [field.dataType for field in reader.load(list(map(landing.literal, members))).schema]
            for name, kind in zip(header, kinds, strict=False):
                known = found.get(name.lower())
                found[name.lower()] = StructField(
                    known.name if known else name, _widest(known.dataType, kind) if known else kind
                )
        return StructType(list(found.values()))

    def parsed(
        self, reader: Any, folder: Any, files: Sequence[str], schema: StructType, rescued: str | None
    ) -> DataFrame:
        """The rows of CSV files, columns by name.

        Args:
            reader: a reader of CSV files, for a stream or a batch, that has the options.
            folder: what to load.
            files: those in it; the update fails if one with another header lands while it begins.
            schema: the columns; the name of `rescued` may be among them.
            rescued: the name of the column for rescued data; None for none.
        """
        headers = {header: members for header, members in self._groups(files).items() if header}
        # A name in another case is rescued, unless the author says otherwise.
        by_case = rescued and self._options.get("readercasesensitive", "true") == "true"
        spelled: Callable[[str], str] = str if by_case else str.lower
        declared = [field for field in schema if field.name != rescued]
        corrupt = self._options.get("columnnameofcorruptrecord", "_corrupt_record")
        broken = [StructField(corrupt, StringType())] if corrupt in schema.names else []
        if not self._has_header or len(headers) <= 1:
            names = next(iter(headers), ()) if self._has_header else max(headers, key=len, default=())
            if not self._has_header or not names:  # by place
                mine = [field.name for field in declared if field.name != corrupt]
                names = (*mine, *names[len(mine) :])
            texts = reader.schema(StructType([*(StructField(name, StringType()) for name in names), *broken]))
            texts = texts.option("enforceSchema", "false").load(folder)
            by_name = {spelled(name): F.col(_quoted(name)) for name in names}
        else:
            texts, by_name = self._by_place(reader, folder, headers, broken, spelled)
        by_name |= {spelled(field.name): F.col(_quoted(field.name)) for field in broken}
        return self._typed(texts, by_name, declared, rescued, spelled)

    def _by_place(
        self,
        reader: Any,
        folder: Any,
        headers: dict[tuple[str, ...], list[str]],
        broken: list[StructField],
        spelled: Callable[[str], str],
    ) -> tuple[DataFrame, dict[str, Column]]:
        """Values by their place, and for each name its value: the place differs from file to file."""
        width = max(map(len, headers))
        places = [StructField(f"__{index}", StringType()) for index in range(width)]
        texts = reader.schema(StructType([*places, *broken])).load(folder)
        names = list(dict.fromkeys(spelled(name) for header in headers for name in header))
        rows = []
        for header, members in headers.items():
            mine = [spelled(name) for name in header]
            row = [mine.index(name) if name in mine else None for name in names]
            rows += [(file, row) for file in members]
        known = self._spark.createDataFrame(rows, "__file STRING, __places ARRAY<INT>")
        values = F.array(*(F.col(f"__{index}") for index in range(width)))
        # In a path a plus sign is not an encoded blank.
        encoded = F.replace("_metadata.file_path", F.lit("+"), F.lit("%2B"))
        file = F.regexp_replace(F.url_decode(encoded), "^file:/+", "/")
        joined = texts.join(F.broadcast(known), file == F.col("__file"), "left")
        landed = F.concat(F.lit("cloudFiles: a file landed while the update began; run it again: "), file)
        there = F.when(F.col("__file").isNull(), F.raise_error(landed).cast("array<int>")).otherwise(F.col("__places"))
        return joined, {name: F.get(values, F.get(there, F.lit(index))) for index, name in enumerate(names)}

    def _typed(
        self,
        texts: DataFrame,
        by_name: dict[str, Column],
        declared: list[StructField],
        rescued: str | None,
        spelled: Callable[[str], str],
    ) -> DataFrame:
        columns, lost = [], []
        # None where there are none: an empty map has no type over Connect.
        value_options = {key: value for key, value in self._options.items() if key in _OF_VALUES} or None
        for field in declared:
            text = by_name.pop(spelled(field.name), F.lit(None).cast("string"))
            if isinstance(field.dataType, StringType):
                columns.append(text.alias(field.name))
                continue
            # Through Spark's own CSV parser, so that dates and numbers are read as they are elsewhere.
            kind = f"value {field.dataType.simpleString()}"
            value = F.from_csv(F.to_csv(F.struct(text.alias("value"))), kind, value_options)
            columns.append(value["value"].alias(field.name))
            lost.append((field.name, F.when(value["value"].isNull(), text)))
        if rescued:
            lost += list(by_name.items())
            pairs = [part for name, text in lost for part in (F.lit(name), text)]
            held = F.map_filter(F.create_map(*pairs), lambda _, value: value.isNotNull()) if pairs else None
            columns.append((rescue_text(held) if held is not None else F.lit(None).cast("string")).alias(rescued))
        return texts.select(*columns)

    def _groups(self, files: Sequence[str]) -> dict[tuple[str, ...], list[str]]:
        found: dict[tuple[str, ...], list[str]] = {}
        for file in files:
            found.setdefault(self.header(file), []).append(file)
        return found


def _widest(one: DataType, other: DataType) -> DataType:
    """The type that holds the values of both; text if nothing else does."""
    if one == other:
        return one
    if type(one) in _WIDER and type(other) in _WIDER:
        return max(one, other, key=lambda kind: _WIDER[type(kind)])
    if {type(one), type(other)} == {DateType, TimestampType}:
        return TimestampType()
    return StringType()


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
