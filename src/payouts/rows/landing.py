"""From lines to bronze rows: splits and reads JSON without changing what was written.

Spark's JSON reader rewrites numbers, drops what follows the first object of a line and cannot tell bad bytes, so a
line is read as text and parsed here, by native expressions: strictly, and with every scalar kept as it was written.
"""

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from payouts.rows.content import with_content_hash
from payouts.schemas import Source

AS_LINES = {  # options of Auto Loader for the folder of a source
    "cloudFiles.format": "text",  # a JSON reader would round numbers, and lose what follows the first object of a line
    "lineSep": "\n",
    "pathGlobFilter": "*.{json,jsonl}",
    "recursiveFileLookup": "true",
}
STRICT = {
    "allowSingleQuotes": "false",
    "allowNonNumericNumbers": "false",  # NaN is not JSON
    "maxNestingDepth": "1000000",
    "maxStringLen": "2147483647",  # a valid line may be 50 MB long
}
# Possessive (`*+`): Java's regex would otherwise recurse once per escape and overflow its stack on a long string.
STRING_TOKEN = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
NUMBER_TOKEN = r"-?[0-9][0-9.eE+-]*+"
# A raw control character cannot stand in valid JSON, so these two cannot be confused with data.
OPEN, CLOSE = "\x01", "\x02"
NUMBER_MARK = r"\u0001"  # as JSON spells it: the first character of every number that was turned into a string
STRING_MARK = r"\u0002"  # likewise, of every string of an array line
JSON_BLANKS = " \t\r\n"
MAX_LENGTH = 2147483647


def bronze_rows(lines: DataFrame, source: Source) -> DataFrame:
    """Reads the lines of files into bronze rows.

    Args:
        lines: `value`, a line as landed, of files that were read with AS_LINES: their `_metadata` says where it stood.
        source: see `landed_rows`, as for grain and result.
    """
    place = {"_file_path": "_metadata.file_path", "_file_modified_at": "_metadata.file_modification_time"}
    return landed_rows(lines.select("value", *[F.col(field).alias(name) for name, field in place.items()]), source)


def landed_rows(lines: DataFrame, source: Source) -> DataFrame:
    """Reads raw lines into bronze rows.

    Grain: one row per JSON object; an array line makes one row per element; a blank line and `[]` make none; whatever
    is not one JSON object makes one row that holds its text in `_corrupt_record` and nothing else.

    Args:
        lines: `value` (a line as landed), `_file_path`, `_file_modified_at`.
        source: whose declared columns are looked for; other columns go to `_rescued_data`.

    Returns:
        The columns of `schemas.bronze_schema(source)`.
    """
    documents = lines.select(F.explode(_documents(F.col("value"))).alias("document"), "_file_path", "_file_modified_at")
    fields = documents.select(
        F.from_json("document.json", "map<string,string>", STRICT).alias("fields"),
        F.col("document.corrupt").alias("_corrupt_record"),
        "_file_path",
        "_file_modified_at",
    )
    rows = fields.select(
        *[_field(F.col("fields"), name).alias(name) for name in source.columns],
        _rescued(F.col("fields"), list(source.columns)).alias("_rescued_data"),
        "_corrupt_record",
        "_file_path",
        "_file_modified_at",
        F.current_timestamp().alias("_ingested_at"),
        F.expr("uuid()").alias("_row_id"),
    )
    return with_content_hash(rows, source)


def newest_ingestions(bronze: Mapping[Source, DataFrame]) -> DataFrame:
    """How far the landing zone has been read.

    Grain: one row per source. Columns: source STRING, ingested_to TIMESTAMP, NULL before the first row.
    """
    newest = [
        table.agg(F.max("_ingested_at").alias("ingested_to")).select(F.lit(source.name).alias("source"), "ingested_to")
        for source, table in bronze.items()
    ]
    return reduce(DataFrame.unionByName, newest)


def _documents(value: Column) -> Column:
    """What a line holds: ARRAY<STRUCT<json, corrupt>>, exactly one of the two per element."""
    line = _without_return(value)
    body = F.ltrim(line, F.lit(JSON_BLANKS))
    return (
        F.when(body == "", F.array().cast("array<struct<json:string,corrupt:string>>"))
        # Latin-1 gives every byte a character: nothing is lost, and two different lines stay different.
        .when(~F.is_valid_utf8(value), F.array(_corrupt(_without_return(F.decode(value.cast("binary"), "ISO-8859-1")))))
        .when(~_is_one_json_value(line), F.array(_corrupt(line)))
        .when(body.startswith("{"), F.array(_json(_numbers_as_strings(line))))
        .when(body.startswith("["), _elements(line))
        .otherwise(F.array(_corrupt(line)))
    )


def _without_return(line: Column) -> Column:
    """Lines end with a newline; the carriage return before it belongs to the line break."""
    return F.regexp_replace(line, r"\r\z", "")


def _json(text: Column) -> Column:
    return F.struct(text.alias("json"), F.lit(None).cast("string").alias("corrupt"))


def _corrupt(text: Column) -> Column:
    return F.struct(F.lit(None).cast("string").alias("json"), text.alias("corrupt"))


def _is_one_json_value(line: Column) -> Column:
    """True if the line is exactly one JSON value.

    The parser stops after the first value, so a line is wrapped in an array and in an object: what closes the one
    early, or continues it, breaks the other. Digits beyond the twentieth change nothing about being JSON, but cost
    the parser time that grows with their square.
    """
    short = F.regexp_replace(line, "([0-9]{20})[0-9]++", "$1")
    in_array = F.from_json(F.concat(F.lit("["), short, F.lit("]")), "array<string>", STRICT)
    in_object = F.from_json(F.concat(F.lit('{"v":'), short, F.lit("}")), "map<string,string>", STRICT)
    return in_array.isNotNull() & in_object.isNotNull() & ~_has_lone_surrogate(line)


def _has_lone_surrogate(line: Column) -> Column:
    r"""True if an escape such as `\ud800` stands without its pair: no UTF-8 text can hold it."""
    paired = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    surrogate = r"\\u[dD][89a-fA-F]"
    return F.when(line.rlike(surrogate), F.regexp_replace(line, rf"\\[^u]|{paired}", " ").rlike(surrogate)).otherwise(
        F.lit(False)
    )


def _numbers_as_strings(line: Column) -> Column:
    """Puts every number of a valid JSON line in quotes, behind a mark, so that parsing cannot rewrite it."""
    tokens = F.regexp_replace(line, f"({STRING_TOKEN})|({NUMBER_TOKEN})", f"$1{OPEN}$2{CLOSE}")
    numbers = F.replace(tokens, F.lit(OPEN + CLOSE), F.lit(""))
    return F.replace(F.replace(numbers, F.lit(OPEN), F.lit('"' + NUMBER_MARK)), F.lit(CLOSE), F.lit('"'))


def _elements(line: Column) -> Column:
    """The elements of an array line. Strings are marked too, else one that holds JSON would pass for an object."""
    strings = F.regexp_replace(line, f'"({STRING_TOKEN[1:-1]})"', rf'"\{STRING_MARK}$1"')
    return F.transform(F.from_json(_numbers_as_strings(strings), "array<string>", STRICT), _element)


def _element(element: Column) -> Column:
    unmarked = F.regexp_replace(element, rf'"\{STRING_MARK}({STRING_TOKEN[1:-1]})"', '"$1"')
    string = F.concat(F.lit('"'), F.substring(element, 2, MAX_LENGTH), F.lit('"'))
    scalar = F.when(element.startswith("\x02"), string).otherwise(_as_landed(unmarked))
    return F.when(element.startswith("{"), _json(unmarked)).otherwise(_corrupt(F.coalesce(scalar, F.lit("null"))))


def _field(fields: Column, name: str | Column) -> Column:
    """The landed text of a column: of a column named twice, the last, as in every JSON library."""
    named = F.filter(F.map_entries(fields), lambda entry: entry["key"] == name)
    return _as_landed(F.try_element_at(named, F.lit(-1))["value"])


def _as_landed(text: Column) -> Column:
    """Takes the marks off: of a number, and of the numbers inside a nested value."""
    nested = F.regexp_replace(text, rf'"\{NUMBER_MARK}({NUMBER_TOKEN})"', "$1")
    return (
        F.when(text.startswith("\x01"), F.substring(text, 2, MAX_LENGTH))
        .when(text.rlike(r"^[\[{]"), nested)
        .otherwise(text)
    )


def _rescued(fields: Column, declared: list[str]) -> Column:
    """JSON of the columns that nobody declared, as text; NULL if there are none."""
    unknown = F.filter(F.array_distinct(F.map_keys(fields)), lambda name: ~name.isin(declared))
    landed = F.transform(unknown, lambda name: F.struct(name.alias("key"), _field(fields, name).alias("value")))
    return F.when(F.size(unknown) > 0, F.to_json(F.map_from_entries(landed), {"ignoreNullFields": "false"}))
