"""`COPY INTO`: loads files into a Delta table, each file once, whatever becomes of it later.

Source: https://docs.databricks.com/sql/language-manual/delta-copy-into.html
What was loaded is recorded in the commit that loaded it, so that a repetition after any failure loads the rest.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from pyspark.sql import SparkSession
from sqlglot.tokens import Token, TokenType

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.files import landing
from lakeflow_local.pipelines.files.read_files import HIDDEN, without_hidden
from lakeflow_local.pipelines.model.sql_text import closing, tokens
from lakeflow_local.platform_paths.path_map import PathMap

_IS_ONE = re.compile(r"\s*(?:--[^\n]*\n\s*)*COPY\s+INTO\b", re.IGNORECASE)
_RECORD = "spark.databricks.delta.commitInfo.userMetadata"
_EVOLUTION = "spark.databricks.delta.schema.autoMerge.enabled"
_LOADED = "copied"
_FORMATS = ("csv", "json", "avro", "orc", "parquet", "text", "binaryfile")
_serial = count()


@dataclass
class CopyInto:
    """A statement.

    Attributes:
        columns: of the target, in the order of those of the files; None to go by names.
        select: the expressions of a query over the source.
        file_names: of `FILES`, below the source.
    """

    target: str
    source: str = ""
    by_position: bool = False
    columns: list[str] = field(default_factory=list)
    select: str = "*"
    kind: str = ""
    file_names: list[str] = field(default_factory=list)
    pattern: str = ""
    options: dict[str, str] = field(default_factory=dict)
    copy_options: dict[str, str] = field(default_factory=dict)


def is_one(text: str) -> bool:
    """Whether a statement is a COPY INTO."""
    return _IS_ONE.match(text) is not None


def run(spark: SparkSession, text: str, paths: PathMap) -> str:
    """Carry a statement out.

    Returns:
        A query that gives its result, as the platform shows it.

    Raises:
        UserError: for a statement that is not understood, or a source that is not there.
    """
    statement = parsed(text)
    landing.refuse_options(statement.options, "COPY INTO")
    folder = landing.local_folder(statement.source, paths)
    if not landing.exists(folder):
        raise UserError(f"COPY INTO: there is no folder {folder}: make it, or correct the path")
    if statement.file_names:
        files = [os.path.join(folder, name) for name in statement.file_names]
    else:
        files = landing.files(os.path.join(folder, statement.pattern) if statement.pattern else folder)
    history: Any = spark.sql(f"DESCRIBE HISTORY {statement.target}")
    if statement.copy_options.get("force", "false").lower() != "true":
        known = history.where(f"userMetadata LIKE '{{\"{_LOADED}\"%'").select("userMetadata").collect()
        loaded = {name for row in known for name in json.loads(row[0])[_LOADED]}
        files = [name for name in files if name not in loaded]
    rows = _insert(spark, statement, files) if files else 0
    return f"SELECT {rows}L AS num_affected_rows, {rows}L AS num_inserted_rows, 0L AS num_skipped_corrupt_files"


def _insert(spark: SparkSession, statement: CopyInto, files: list[str]) -> int:
    landed, chosen = (f"__copy_into_{next(_serial)}" for _ in range(2))
    source = spark.read.format(statement.kind).options(**statement.options).load(files)
    query = f"SELECT {statement.select} FROM {landed}"
    if HIDDEN in query.lower():
        source, query = source.select("*", HIDDEN), without_hidden(query)
    source.createOrReplaceTempView(landed)
    frame = spark.sql(query)
    names = spark.sql(f"SELECT * FROM {statement.target}").columns if statement.by_position else statement.columns
    if names:
        if len(names) < len(frame.columns):
            raise UserError(f"COPY INTO: the files have {len(frame.columns)} columns, and the table takes {len(names)}")
        frame = frame.toDF(*names[: len(frame.columns)])
    frame.createOrReplaceTempView(chosen)
    settings = {
        _RECORD: json.dumps({_LOADED: files}),
        _EVOLUTION: statement.copy_options.get("mergeschema", "false").lower(),
    }
    before = {key: spark.conf.get(key, None) for key in settings}
    try:
        for key, value in settings.items():
            spark.conf.set(key, value)
        spark.sql(f"INSERT INTO {statement.target} BY NAME SELECT * FROM {chosen}").collect()
    finally:
        for key, old in before.items():
            spark.conf.unset(key) if old is None else spark.conf.set(key, old)
        spark.catalog.dropTempView(chosen)
        spark.catalog.dropTempView(landed)
    newest: Any = spark.sql(f"DESCRIBE HISTORY {statement.target} LIMIT 1").select("operationMetrics").first()
    return int(newest[0].get("numOutputRows", 0))


def parsed(text: str) -> CopyInto:
    """Read a statement.

    Raises:
        UserError: a part that is missing or not known, by its name.
    """
    stream = tokens(text)
    start = next((i for i, token in enumerate(stream) if token.token_type is TokenType.FROM), None)
    if start is None or start + 1 >= len(stream):
        raise UserError("COPY INTO: FROM and the path of the files are missing")
    into = stream[2:start]
    last = next((i for i, token in enumerate(into) if token.text.upper() == "BY" or _opens(token)), len(into))
    if not last:
        raise UserError("COPY INTO: the name of a table is missing")
    statement = CopyInto(text[into[0].start : into[last - 1].end + 1])
    if last < len(into):
        statement.by_position = not _opens(into[last])
        statement.columns = [token.text for token in into[last + 1 :] if token.text not in (",", ")")]
        if statement.by_position:
            statement.columns = []
    place = start + 1
    if _opens(stream[place]):
        close = closing(stream, place, "COPY INTO")
        inner = max(i for i in range(place, close) if stream[i].token_type is TokenType.FROM)
        statement.select = text[stream[place + 1].end + 1 : stream[inner].start].strip()
        statement.source, after = stream[inner + 1].text, stream[inner + 2 : close]
        if after:
            raise UserError(f"COPY INTO: {after[0].text} behind the path is not supported yet")
        place = close
    else:
        statement.source = stream[place].text
    _clauses(statement, text, stream, place + 1)
    if statement.kind not in _FORMATS:
        raise UserError(f"COPY INTO: FILEFORMAT is one of {', '.join(_FORMATS).upper()}, not '{statement.kind}'")
    return statement


def _clauses(statement: CopyInto, text: str, stream: list[Token], place: int) -> None:
    while place < len(stream):
        name = stream[place].text.upper()
        place += 1
        if place < len(stream) and stream[place].text == "=":
            place += 1
        if place >= len(stream) or name not in ("FILEFORMAT", "PATTERN", "FILES", "FORMAT_OPTIONS", "COPY_OPTIONS"):
            raise UserError(f"COPY INTO: {name} is not supported yet, or incomplete")
        end = closing(stream, place, "COPY INTO") if _opens(stream[place]) else place
        inside = [token.text for token in stream[place + 1 : end] if token.text not in (",", "=")]
        if name == "FILEFORMAT":
            statement.kind = stream[place].text.lower()
        elif name == "PATTERN":
            statement.pattern = stream[place].text
        elif name == "FILES":
            statement.file_names = inside
        else:
            pairs = dict(zip((key.lower() for key in inside[::2]), inside[1::2], strict=False))
            (statement.options if name == "FORMAT_OPTIONS" else statement.copy_options).update(pairs)
        place = end + 1


def _opens(token: Token) -> bool:
    return token.token_type is TokenType.L_PAREN
