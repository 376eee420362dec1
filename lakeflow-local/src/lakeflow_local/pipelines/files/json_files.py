"""JSON files as Auto Loader reads them: what is unknown or mistyped is rescued, what is no JSON is kept if asked."""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from lakeflow_local.errors import UserError

# Options of the reader of files, which are not the parser's.
_OF_THE_READER = {"pathglobfilter", "recursivefilelookup", "modifiedafter", "modifiedbefore", "encoding", "linesep"}


def parsed(reader: Any, folder: Any, schema: StructType, options: dict[str, str], rescued: str | None) -> DataFrame:
    """The rows of JSON files.

    Args:
        reader: a reader of text files, for a stream or a batch.
        schema: the columns; the names of `rescued` and of the corrupt record may be among them.
        options: the JSON reader's options by name in lower case.
        rescued: the name of the column for rescued data; None for none.

    Raises:
        UserError: for options that exclude each other.
    """
    corrupt = options.get("columnnameofcorruptrecord", "_corrupt_record")
    mode = options.get("mode", "permissive").lower()
    if mode == "failfast" and rescued:
        raise UserError("cloudFiles: lakeflow-local does not support mode FAILFAST together with rescued data yet")
    if rescued and options.get("readercasesensitive", "true") == "false":
        raise UserError("cloudFiles: lakeflow-local does not support readerCaseSensitive=false for JSON yet")
    declared = [field for field in schema if field.name not in (rescued, corrupt)]
    whole = options.get("multiline", "false") == "true"
    texts = reader.option("wholetext", str(whole).lower()).load(folder).where(F.trim("value") != "")
    for_parser = {key: value for key, value in options.items() if key not in _OF_THE_READER and key != "multiline"}
    strict = {**for_parser, "mode": "FAILFAST" if mode == "failfast" else "PERMISSIVE"}
    typed = StructType(declared if mode == "failfast" else [*declared, StructField("__corrupt", StringType())])
    # As an array, because one text may hold several rows; an object alone is an array of one.
    landed = texts.select(
        F.col("value").alias("__line"),
        F.explode_outer(F.from_json("value", "array<string>")).alias("__text"),
    )
    text = F.coalesce(F.col("__text"), F.col("__line"))
    rows = landed.select(
        text.alias("__text"),
        F.from_json(text, typed, {**strict, "columnNameOfCorruptRecord": "__corrupt"}).alias("__row"),
        F.from_json(text, "map<string,string>").alias("__map"),
    )
    columns = [F.col("__row")[field.name].alias(field.name) for field in declared]
    if rescued:
        columns.append(_rescue(declared).alias(rescued))
    if corrupt in schema.names and mode == "permissive":
        columns.append(F.when(F.col("__map").isNull(), F.col("__text")).alias(corrupt))
    else:
        rows = rows.where(F.col("__map").isNotNull())  # as Auto Loader: without the column such a line is gone
        columns += [F.lit(None).cast("string").alias(corrupt)] if corrupt in schema.names else []
    return rows.select(*columns)


def _rescue(declared: list[StructField]) -> Column:
    """Fields that are not declared or do not cast to their declared type, as JSON with the file's path."""
    mistyped = [
        F.when(
            F.col("__map")[field.name].isNotNull() & F.col("__row")[field.name].isNull(),
            F.lit(field.name),
        )
        for field in declared
        if not isinstance(field.dataType, StringType)
    ]
    known = F.array(*(F.lit(field.name) for field in declared)) if declared else F.array().cast("array<string>")
    broken = F.array_compact(F.array(*mistyped)) if mistyped else F.array().cast("array<string>")
    extra = F.map_filter("__map", lambda key, _: ~F.array_contains(known, key) | F.array_contains(broken, key))
    return rescue_text(extra)


def rescue_text(fields: Column) -> Column:
    """The text of the column for rescued data: a map of fields as JSON, with the path of their file; NULL for none."""
    with_path = F.map_concat(fields, F.create_map(F.lit("_file_path"), F.col("_metadata.file_path")))
    return F.when(F.size(fields) > 0, F.to_json(with_path))
