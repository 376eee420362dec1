"""Reads a SQL source file: streaming tables, materialized views, temporary views and flows, with their expectations.

The declarations around a query are read here; the query itself is Spark's to parse, as it stands in the file.
"""

from __future__ import annotations

from pathlib import Path

from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model.model import (
    Dataset,
    Declarations,
    Expectation,
    Flow,
    Kind,
    Severity,
    merge_expectations,
)
from lakeflow_local.pipelines.model.sql_text import tokens
from lakeflow_local.pipelines.sql.sql_cursor import OPEN, STRINGS, Cursor
from lakeflow_local.pipelines.sql.sql_flow import read_cdc, read_flow, read_query


def read(text: str, file: Path, settings: dict[str, str]) -> Declarations:
    """What the statements of a SQL file declare.

    Args:
        settings: what SET has given a value so far; SET statements of this text are added.

    Raises:
        UserError: for a statement that is no declaration of a pipeline, with its line.
    """
    try:
        stream = tokens(text)
    except TokenError as error:
        raise UserError(f"cannot be read as SQL: {str(error).splitlines()[0]}", file=file) from None
    declared = Declarations()
    statement: list[Token] = []
    for token in [*stream, None]:
        if token is None or token.token_type is TokenType.SEMICOLON:
            if statement:
                _read_statement(Cursor(text, statement, file, settings), declared, settings)
            statement = []
        else:
            statement.append(token)
    return declared


def _read_statement(cursor: Cursor, declared: Declarations, settings: dict[str, str]) -> None:
    if cursor.take("CREATE"):
        if cursor.take("FLOW"):
            return declared.add_flow(read_flow(cursor))
        return _dataset(cursor, declared)
    if cursor.take("APPLY", "CHANGES", "INTO"):
        target = cursor.name()
        return declared.add_flow(read_cdc(cursor, target, target, once=False))
    if cursor.take("SET"):
        return _set(cursor, settings)
    if cursor.take("USE"):
        message = f"USE {cursor.words(2)}: lakeflow-local reads names by the pipeline's schema only"
        raise cursor.error(f"{message}, so write the schema before each name")
    raise cursor.error(f"a pipeline's SQL declares datasets and flows, and this is '{cursor.words(3)} …'")


def _set(cursor: Cursor, settings: dict[str, str]) -> None:
    """SET name = value: the value stands for `${name}` in the statements that follow."""
    start = cursor.at
    while cursor.at < len(cursor.tokens) and not cursor.is_next(TokenType.EQ):
        cursor.at += 1
    name, value = cursor.slice(start, cursor.at), cursor.slice(cursor.at + 1, len(cursor.tokens))
    if not name or not value:
        raise cursor.error("write SET name = value")
    if name.startswith(("spark.", "pipelines.")):
        raise cursor.error(f"SET {name}: lakeflow-local takes settings of Spark from the pipeline's configuration")
    settings[name] = value


def _dataset(cursor: Cursor, declared: Declarations) -> None:
    if cursor.take("OR"):
        cursor.expect("REFRESH") if not cursor.take("REPLACE") else None
    private = cursor.take("PRIVATE")
    temporary = cursor.take("TEMPORARY") or cursor.take("TEMP")
    live = cursor.take("LIVE")
    if cursor.take("MATERIALIZED", "VIEW"):
        kind = Kind.MATERIALIZED_VIEW
    elif cursor.take("STREAMING"):
        cursor.take("LIVE")
        kind = Kind.TEMPORARY_VIEW if temporary and cursor.take("VIEW") else Kind.STREAMING_TABLE
        if kind is Kind.STREAMING_TABLE:
            cursor.expect("TABLE")
    elif cursor.take("VIEW"):
        kind = Kind.TEMPORARY_VIEW
    elif cursor.take("TABLE"):
        kind = Kind.TABLE  # CREATE LIVE TABLE, the older form: its query decides
    else:
        raise cursor.error(f"a pipeline cannot create this: '{cursor.words(4)} …'")
    if temporary and kind is not Kind.TEMPORARY_VIEW:
        private = True
    cursor.take("IF", "NOT", "EXISTS")
    dataset = Dataset(cursor.name(), kind, cursor.place, private=private)
    rules: list[Expectation] = []
    named: list[tuple[str, str | None]] = []
    if cursor.is_next(OPEN):
        dataset.schema = _columns(cursor, rules, named)
    if rules and kind is Kind.TEMPORARY_VIEW and not (temporary or live):
        raise cursor.error(f"view {dataset.name}: CREATE VIEW supports no expectations, CREATE LIVE VIEW does")
    _clauses(cursor, dataset)
    dataset.expectations = merge_expectations(dataset.name, rules, cursor.place)
    if named and cursor.words(1).upper() != "AS":
        raise cursor.error(f"{dataset.name}: without a query, column {named[0][0]} needs a type")
    if cursor.take("FLOW", "AUTO", "CDC"):
        declared.add_dataset(dataset)
        return declared.add_flow(read_cdc(cursor, dataset.name, dataset.name, once=False))
    flow = None
    if cursor.take("AS"):
        flow = Flow(dataset.name, dataset.name, read_query(cursor, named), cursor.place)
    elif not cursor.is_at_end:
        raise cursor.error(f"unexpected '{cursor.words(3)}' in the declaration of {dataset.name}")
    elif kind is not Kind.STREAMING_TABLE:
        raise cursor.error(f"{dataset.name} has no AS and query")
    declared.add_dataset(dataset, flow)


def _clauses(cursor: Cursor, dataset: Dataset) -> None:
    """The clauses between the columns and AS, in any order."""
    while True:
        if cursor.take("COMMENT"):
            dataset.comment = cursor.string()
        elif cursor.take("PARTITIONED", "BY"):
            dataset.partition_cols = tuple(part.strip(" `") for part in cursor.parenthesised().split(","))
        elif cursor.take("CLUSTER", "BY"):
            if cursor.is_next(OPEN):
                dataset.cluster_by = tuple(part.strip(" `") for part in cursor.parenthesised().split(","))
            else:
                cursor.at += 1  # AUTO or NONE
        elif cursor.take("TBLPROPERTIES"):
            dataset.properties = _properties(cursor)
        elif cursor.take("USING"):
            cursor.word()
        elif cursor.take("LOCATION"):
            cursor.string()  # without effect: every table lies in the warehouse
        elif cursor.take("ROW", "FILTER") or cursor.take("WITH", "ROW", "FILTER"):
            cursor.name()  # without effect: all rows are for the one user of this machine
            cursor.expect("ON")
            cursor.parenthesised()
        elif cursor.take("SCHEDULE") or cursor.take("TRIGGER"):
            raise cursor.error("SCHEDULE and TRIGGER belong to tables outside of a pipeline")
        else:
            return


def _columns(cursor: Cursor, rules: list[Expectation], named: list[tuple[str, str | None]]) -> str | None:
    """The column list: constraints become expectations, what is left is the schema, or names without types.

    Returns:
        Columns as DDL; None without typed ones.
    """
    columns: list[str] = []
    for start, end in cursor.items():
        words = [token.text.upper() for token in cursor.tokens[start:end]]
        if words[0] == "CONSTRAINT" and "EXPECT" in words:
            rules.append(_expectation(cursor, start, end))
        elif words[0] in ("CONSTRAINT", "PRIMARY", "FOREIGN"):
            continue  # not enforced on Databricks either
        elif end - start == 1 or words[1] == "COMMENT":
            named.append((cursor.tokens[start].text, cursor.tokens[end - 1].text if end - start == 3 else None))
        else:
            columns.append(cursor.slice(start, end))
    if named and columns:
        raise cursor.error(f"column {named[0][0]} needs a type, as others have one")
    return ", ".join(columns) or None


def _expectation(cursor: Cursor, start: int, end: int) -> Expectation:
    name = cursor.tokens[start + 1].text
    index = start + 3
    if cursor.tokens[start + 2].text.upper() != "EXPECT" or cursor.tokens[index].token_type is not OPEN:
        raise cursor.error(f"constraint {name}: write CONSTRAINT {name} EXPECT (condition)")
    close = cursor.closing(index)
    predicate = cursor.slice(index + 1, close)
    action = " ".join(token.text.upper() for token in cursor.tokens[close + 1 : end])
    severities = {
        "": Severity.WARN,
        "ON VIOLATION DROP ROW": Severity.DROP,
        "ON VIOLATION FAIL UPDATE": Severity.FAIL,
    }
    if action not in severities:
        raise cursor.error(
            f"constraint {name}: '{action}' is neither ON VIOLATION DROP ROW nor ON VIOLATION FAIL UPDATE"
        )
    return Expectation(name, predicate, severities[action])


def _properties(cursor: Cursor) -> dict[str, str]:
    found = {}
    for start, end in cursor.items():
        words = cursor.tokens[start:end]
        split = next((i for i, token in enumerate(words) if token.token_type is TokenType.EQ), len(words) - 1)
        key = words[0].text if words[0].token_type in STRINGS else "".join(token.text for token in words[:split])
        found[key] = words[-1].text
    return found
