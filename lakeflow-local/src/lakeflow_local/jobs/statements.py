"""Splits a SQL file into statements."""

from __future__ import annotations

import sqlglot
from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

from lakeflow_local.errors import UserError


def split_statements(text: str) -> list[str]:
    """The statements of a SQL text, without their semicolons, in order.

    A semicolon in a string, a quoted name, a comment or a BEGIN … END script separates nothing. Text that holds
    only comments is no statement.

    Raises:
        UserError: a string or comment has no end.
    """
    try:
        tokens = sqlglot.tokenize(text, read="databricks")
    except TokenError as error:
        raise UserError(f"not readable as SQL: {error}") from None
    statements = []
    start, seen, depth = 0, False, 0
    for index, token in enumerate(tokens):
        if token.token_type is TokenType.SEMICOLON and depth == 0:
            if seen:
                statements.append(text[start : token.start].strip())
            start, seen = token.end + 1, False
            continue
        depth = max(depth + _depth_change(tokens, index, is_first=not seen, depth=depth), 0)
        seen = True
    if seen:
        statements.append(text[start:].strip())
    return statements


def _depth_change(tokens: list[Token], index: int, *, is_first: bool, depth: int) -> int:
    """How much deeper a token leads into a BEGIN … END script; outside of one, CASE … END is an expression."""
    word = tokens[index].text.upper()
    if word == "BEGIN":
        return 1 if is_first or depth else 0
    if not depth:
        return 0
    before = tokens[index - 1].text.upper() if index else ""
    if word in ("CASE", "LOOP", "REPEAT") or (word in ("IF", "WHILE", "FOR") and _opens_block(tokens, index)):
        return 0 if before == "END" else 1
    return -1 if word == "END" else 0


def _opens_block(tokens: list[Token], index: int) -> bool:
    """Whether IF, WHILE or FOR begins a statement of a script: it follows its beginning or a separator."""
    before = tokens[index - 1].text.upper() if index else ";"
    return before in (";", "BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT", ":")
