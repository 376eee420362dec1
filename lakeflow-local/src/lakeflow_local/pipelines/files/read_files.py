"""`read_files(…)` in SQL: the same files as `cloudFiles` reads, as a batch or, after STREAM, as a stream.

The older `cloud_files(path, format, map(…))` is Auto Loader itself: a stream, whose columns are text unless asked.

Source: https://docs.databricks.com/sql/language-manual/functions/read_files.html
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from sqlglot.tokens import Token, TokenType

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.files import landing
from lakeflow_local.pipelines.files.cloudfiles import SETTINGS, CloudFilesReader
from lakeflow_local.pipelines.model.sql_text import closing, tokens

_serial = count()
_BY_ENDING = {
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".csv": "csv",
    ".parquet": "parquet",
    ".txt": "text",
}
HIDDEN = "_metadata"
_PACKED = (".gz", ".bz2")

Open = Callable[[bool, bool], CloudFilesReader]
_FUNCTIONS = ("read_files", "cloud_files")


def resolve(spark: SparkSession, text: str, open_reader: Open) -> tuple[str, dict[str, DataFrame]]:
    """The text with a name in place of each call, and the frame that each name stands for.

    Args:
        open_reader: gives a reader, for a stream or not, and with types inferred or not.

    Raises:
        UserError: for a call without a path, an option twice or an option that is not known.
    """
    if not any(function in text.lower() for function in _FUNCTIONS):
        return text, {}
    stream = tokens(text)
    frames: dict[str, DataFrame] = {}
    changes: list[tuple[int, int, str]] = []
    # A file source hides the column; a temporary view cannot, so `*` has to leave it out.
    shown = any(token.text.lower() == HIDDEN for token in stream)
    for index, token in enumerate(stream):
        called = index + 1 < len(stream) and stream[index + 1].token_type is TokenType.L_PAREN
        function = token.text.lower()
        if function not in _FUNCTIONS or not called:
            continue
        close = closing(stream, index + 1, "read_files")
        first, last, streaming = _with_stream(stream, index, close)
        older = function == "cloud_files"
        reader = open_reader(streaming or older, not older)
        path, options = _arguments(spark, text, stream[index + 2 : close], function)
        name = f"__read_files_{next(_serial)}"
        frame = _load(reader, path, options)
        changes.append((stream[first].start, stream[last].end + 1, name))
        if shown:
            frame = frame.select("*", HIDDEN)
            changes += _stars(stream, first, _alias(stream, last))
        frames[name] = frame
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text, frames


def in_views(spark: SparkSession, text: str, open_reader: Open) -> str:
    """The text with a temporary view of the session in place of each call.

    Raises:
        UserError: see `resolve`.
    """
    text, frames = resolve(spark, text, open_reader)
    for name, frame in frames.items():
        frame.createOrReplaceTempView(name)
    return text


def without_hidden(query: str) -> str:
    """A query of one relation, whose stars leave out the column that file sources hide."""
    stream = tokens(query)
    for start, end, new in sorted(_stars(stream, len(stream) - 1, None), reverse=True):
        query = query[:start] + new + query[end:]
    return query


def _alias(stream: list[Token], last: int) -> str | None:
    after = stream[last + 1 : last + 3]
    if after and after[0].text.upper() == "AS":
        after = after[1:]
    return after[0].text.lower() if after and after[0].token_type in (TokenType.VAR, TokenType.IDENTIFIER) else None


def _stars(stream: list[Token], index: int, alias: str | None) -> list[tuple[int, int, str]]:
    """What hides the column from the stars of the SELECT that reads the relation at a token: places and texts."""
    found, depth = [], 0
    for place in range(index - 1, -1, -1):
        token = stream[place]
        depth += {TokenType.R_PAREN: 1, TokenType.L_PAREN: -1}.get(token.token_type, 0)
        if depth == 0 and token.token_type is TokenType.SELECT:
            break
        if depth != 0 or token.token_type is not TokenType.STAR:
            continue
        before = stream[place - 1]
        own = before.token_type is TokenType.DOT and stream[place - 2].text.lower() == alias
        if own or before.token_type in (TokenType.COMMA, TokenType.SELECT, TokenType.DISTINCT):
            if stream[place + 1].text.upper() == "EXCEPT":
                inside = stream[place + 2].end + 1
                found.append((inside, inside, f"{HIDDEN}, "))
            else:
                found.append((token.end + 1, token.end + 1, f" EXCEPT ({HIDDEN})"))
    return found


def _with_stream(stream: list[Token], index: int, close: int) -> tuple[int, int, bool]:
    """The tokens from STREAM on, with its parentheses if it has some."""
    if index >= 1 and stream[index - 1].text.upper() == "STREAM":
        return index - 1, close, True
    if index >= 2 and stream[index - 1].token_type is TokenType.L_PAREN and stream[index - 2].text.upper() == "STREAM":
        return index - 2, closing(stream, index - 1, "read_files"), True
    return index, close, False


def _arguments(spark: SparkSession, text: str, inside: list[Token], function: str) -> tuple[str, dict[str, str]]:
    """The path and the options: by name, in a map, or by position path and format."""
    given: list[tuple[str, list[Token]]] = []
    positions = ["format", "path"]
    for item in _items(inside):
        arrow = next((i for i, token in enumerate(item) if token.token_type is TokenType.FARROW), None)
        if arrow is not None:
            given.append(("".join(token.text for token in item[:arrow]).lower(), item[arrow + 1 :]))
        elif item[0].text.lower() == "map" and len(item) > 1 and item[1].token_type is TokenType.L_PAREN:
            pairs = _items(item[2:-1])
            if len(pairs) % 2:
                raise UserError(f"{function}: map(…) takes names and values by turns")
            names = (_value(spark, text, name).lower() for name in pairs[::2])
            given += zip(names, pairs[1::2], strict=True)
        elif positions:
            given.append((positions.pop(), item))
        else:
            shown = text[item[0].start : item[-1].end + 1]
            raise UserError(f"{function}: write {shown} by its name, option => value")
    path, options = "", dict[str, str]()
    for name, tokens_of_value in given:
        value = _value(spark, text, tokens_of_value)
        if name == "path":
            path = value
        elif name in options:
            raise UserError(f"{function}: the option {name} is given twice")
        else:
            options[name] = value
    if not path:
        raise UserError(f"{function}: the path of a folder or file is missing")
    return path, options


def _value(spark: SparkSession, text: str, item: list[Token]) -> str:
    if len(item) == 1 and item[0].token_type in (TokenType.STRING, TokenType.RAW_STRING):
        return item[0].text
    expression = text[item[0].start : item[-1].end + 1] if item else "''"
    try:
        found: Any = spark.sql(f"SELECT {expression}").first()[0]  # constant: Spark computes it without a job
    except PySparkException:
        raise UserError(f"read_files: '{expression}' is not a constant") from None
    return str(found).lower() if isinstance(found, bool) else str(found)


def _load(reader: CloudFilesReader, path: str, options: dict[str, str]) -> DataFrame:
    schema = options.pop("schema", None)
    if schema is not None:
        reader.schema(schema)
    for name, value in options.items():
        setting = name.removeprefix("cloudfiles.")
        reader.option(f"cloudFiles.{setting}" if setting in SETTINGS else name, value)
    if "format" not in options:
        reader.option("cloudFiles.format", _format(reader, path))
    return reader.load(path)


def _format(reader: CloudFilesReader, path: str) -> str:
    """What the ending of the first file says, as the function finds the format by itself."""
    for file in landing.files(reader.folder(path)):
        for packed in _PACKED:
            file = file.removesuffix(packed)
        ending = os.path.splitext(file)[1].lower()
        if ending in _BY_ENDING:
            return _BY_ENDING[ending]
    raise UserError(f"read_files: add format => '…', as no file of {path} tells it by its ending")


def _items(inside: list[Token]) -> list[list[Token]]:
    items: list[list[Token]] = [[]]
    depth = 0
    for token in inside:
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if token.token_type is TokenType.COMMA and depth == 0:
            items.append([])
        else:
            items[-1].append(token)
    return [item for item in items if item]
