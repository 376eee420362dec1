"""Reads a SQL source file: streaming tables, materialized views, temporary views and flows, with their expectations.

The declarations around a query are read here; the query itself is Spark's to parse, as it stands in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model.declarations import Declarations
from lakeflow_local.pipelines.model.names import split
from lakeflow_local.pipelines.model.sql_text import tokens
from lakeflow_local.pipelines.sql import sql_parameters
from lakeflow_local.pipelines.sql.sql_cdc import read_cdc
from lakeflow_local.pipelines.sql.sql_cursor import STRINGS, Cursor
from lakeflow_local.pipelines.sql.sql_dataset import read_dataset
from lakeflow_local.pipelines.sql.sql_flow import read_flow
from lakeflow_local.pipelines.sql.sql_state import SqlState

_TIME_ZONE = "spark.sql.session.timeZone"


def read(text: str, file: Path, state: SqlState) -> Declarations:
    """What the statements of a SQL file declare.

    Args:
        state: what SET and USE have said so far; those of this text are added.

    Raises:
        UserError: for a statement that is no declaration of a pipeline, with its line.
    """
    declared = Declarations()
    for cursor in statements(text, file, state):
        read_statement(cursor, declared, state)
    return declared


def statements(text: str, file: Path, state: SqlState) -> Iterator[Cursor]:
    """A cursor for each statement of a SQL file; it sees what those before it have SET.

    Raises:
        UserError: for a text that is no SQL, or a parameter without a value.
    """
    try:
        text = sql_parameters.fill(text, state.parameters, file)
        stream = tokens(text)
    except TokenError as error:
        raise UserError(f"cannot be read as SQL: {str(error).splitlines()[0]}", file=file) from None
    statement: list[Token] = []
    for token in [*stream, None]:
        if token is None or token.token_type is TokenType.SEMICOLON:
            if statement:
                yield Cursor(text, statement, file, state.settings)
            statement = []
        else:
            statement.append(token)


def read_statement(cursor: Cursor, declared: Declarations, state: SqlState) -> None:
    """One statement: what it declares is added, what it says for those behind it is kept in the state.

    The names behind USE CATALOG are of its schema `default`, as the platform says of the statement.

    Raises:
        UserError: for what is no declaration of a pipeline, or is not supported here.
    """
    if cursor.take("CREATE"):
        if cursor.take("FLOW") or cursor.take("OR", "REFRESH", "FLOW"):
            return declared.add_flow(read_flow(cursor, state))
        return read_dataset(cursor, declared, state)
    if cursor.take("APPLY", "CHANGES", "INTO") or cursor.take("AUTO", "CDC", "INTO"):
        target = state.qualified(cursor.name())
        return declared.add_flow(read_cdc(cursor, state, target, target, once=False))
    if cursor.take("SET", "CATALOG") or cursor.take("USE", "CATALOG"):
        state.catalog, state.schema = _name_in_use(cursor, "catalog", 1)[0], "default"
        return
    if cursor.take("USE"):
        any(cursor.take(word) for word in ("SCHEMA", "DATABASE", "NAMESPACE"))
        *catalog, state.schema = _name_in_use(cursor, "schema", 2)
        state.catalog = catalog[0] if catalog else state.catalog
        return
    if cursor.take("SET"):
        return _set(cursor, declared, state)
    raise cursor.error(f"a pipeline's SQL declares datasets and flows, and this is '{cursor.words(3)} …'")


def _set(cursor: Cursor, declared: Declarations, state: SqlState) -> None:
    """SET name = value: stands for `${name}`, and if it is one of Spark holds for the datasets, that follow."""
    if cursor.take("TIME", "ZONE"):
        state.spark_conf[_TIME_ZONE] = cursor.string()
        return
    if cursor.words(1).upper() in ("VAR", "VARIABLE"):
        raise cursor.error("SET VARIABLE: lakeflow-local has no session variables in a pipeline's SQL")
    start = cursor.at
    while cursor.at < len(cursor.tokens) and not cursor.is_next(TokenType.EQ):
        cursor.at += 1
    name, value = cursor.slice(start, cursor.at).strip("`"), cursor.slice(cursor.at + 1, len(cursor.tokens))
    if not name or not value:
        raise cursor.error("write SET name = value")
    state.settings[name] = value
    plain = cursor.tokens[-1].text if cursor.tokens[-1].token_type in STRINGS else value
    if name.startswith("spark."):
        state.spark_conf[name] = plain
    elif name.startswith("pipelines."):
        declared.ignore(f"SET {name}", cursor.place)


def _name_in_use(cursor: Cursor, kind: str, most: int) -> tuple[str, ...]:
    """The parts of the name behind USE, to the end of the statement."""
    if cursor.is_at_end:
        raise cursor.error(f"USE needs the name of a {kind}")
    name = cursor.string() if cursor.tokens[cursor.at].token_type in STRINGS else cursor.name()
    parts = split(name)
    if not cursor.is_at_end or not 1 <= len(parts) <= most:
        raise cursor.error(f"USE: '{name}' is no name of a {kind}")
    return parts
