"""The query of a dataset or a flow, as a function that gives its rows when it is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot.tokens import TokenType

from lakeflow_local.pipelines.model.model import Place, fail
from lakeflow_local.pipelines.model.names import quote
from lakeflow_local.pipelines.model.sql_text import tokens
from lakeflow_local.pipelines.sql.sql_cursor import Cursor
from lakeflow_local.pipelines.sql.sql_state import SqlState

# Table functions that need a broker or state of a stream that is elsewhere.
_ELSEWHERE = ("read_kafka", "read_kinesis", "read_pubsub", "read_pulsar", "read_statestore", "read_state_metadata")
_SKIP = "skipChangeCommits"


def read_query(cursor: Cursor, state: SqlState, columns: Sequence[tuple[str, str | None]] = ()) -> Callable[[], Any]:
    """The rest of the statement as a query function, its columns under other names with comments if so declared.

    Raises:
        UserError: when nothing is left, or it reads what this machine does not have.
    """
    if cursor.is_at_end:
        raise cursor.error("a query is missing")
    text = cursor.slice(cursor.at, len(cursor.tokens))
    for index in range(cursor.at, len(cursor.tokens) - 1):
        function = cursor.tokens[index].text.lower()
        if function in _ELSEWHERE and cursor.tokens[index + 1].token_type is TokenType.L_PAREN:
            cursor.at = index
            raise cursor.error(f"lakeflow-local has no {function}: it needs a server outside of this machine")
    cursor.at = len(cursor.tokens)
    return query_of(text, state, cursor.place, columns)


def query_of(
    text: str, state: SqlState, place: Place, columns: Sequence[tuple[str, str | None]] = ()
) -> Callable[[], Any]:
    """The text of a query as a function.

    Its text, the names of a column list and the schema in use are left on the function, for those who read it.
    """
    text = _with_values(text)

    def run_query() -> Any:
        from pyspark.sql import SparkSession

        frame = SparkSession.builder.getOrCreate().sql(text)
        return _under_names(frame, columns, place) if columns else frame

    run_query.__dict__["__lakeflow_text__"] = text
    run_query.__dict__["__lakeflow_names__"] = tuple(name for name, _ in columns)
    if state.schema is not None:
        run_query.__dict__["__lakeflow_use__"] = (state.catalog, state.schema)
    return run_query


def _with_values(text: str) -> str:
    """`WITH (SKIPCHANGECOMMITS)` behind a stream with the value that Spark wants for an option."""
    if _SKIP.lower() not in text.lower():
        return text
    stream = tokens(text)
    pieces, position = [], 0
    for index, token in enumerate(stream[1:-1], 1):
        alone = stream[index - 1].token_type is TokenType.L_PAREN and stream[index + 1].token_type is TokenType.R_PAREN
        if alone and token.text.lower() == _SKIP.lower() and stream[index - 2].text.upper() == "WITH":
            pieces += [text[position : token.start], f"'{_SKIP}' = 'true'"]
            position = token.end + 1
    return "".join([*pieces, text[position:]])


def _under_names(frame: Any, columns: Sequence[tuple[str, str | None]], place: Place) -> Any:
    from pyspark.sql import functions as F

    if len(columns) != len(frame.columns):
        message = f"the list names {len(columns)} columns, and the query gives {len(frame.columns)}"
        raise fail(message, place)
    renamed = frame.toDF(*(name for name, _ in columns))
    described = [{} if comment is None else {"metadata": {"comment": comment}} for _, comment in columns]
    return renamed.select(
        *(F.col(quote(name)).alias(name, **more) for (name, _), more in zip(columns, described, strict=True))
    )
