"""Splits a SQL file into statements, and puts parameters into them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import sqlglot
from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

from lakeflow_local.errors import UserError

_BRACES = re.compile(r"\{\{\s*([A-Za-z0-9_.\-]+)\s*\}\}")
# Comments, strings and quoted names, each as a whole, and braces outside of them.
_PIECES = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`(?:[^`]|``)*`|" + _BRACES.pattern, re.DOTALL
)
_NAMES_END = (TokenType.VAR, TokenType.IDENTIFIER, TokenType.R_PAREN, TokenType.R_BRACKET)


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


def bind_markers(statement: str, parameters: Mapping[str, str]) -> str:
    """Put a string literal in place of each named marker `:name` that has a parameter.

    Spark would bind them, but with Delta's SQL parser in between not inside IDENTIFIER(…), where a job needs them most.
    A colon that follows a name directly (`readings:city`, `STRUCT<city:STRING>`) or doubles (`::`) is no marker.
    """
    tokens = sqlglot.tokenize(statement, read="databricks")
    pieces, done = [], 0
    for before, colon, name in zip([None, *tokens], tokens, tokens[1:], strict=False):
        adjacent = before is not None and before.end + 1 == colon.start and before.token_type in _NAMES_END
        if colon.token_type is not TokenType.COLON or adjacent or colon.end + 1 != name.start:
            continue
        value = parameters.get(statement[name.start : name.end + 1])
        if value is not None:
            pieces += [statement[done : colon.start], literal(value)]
            done = name.end + 1
    return "".join([*pieces, statement[done:]])


def fill_mustaches(statement: str, parameters: Mapping[str, str], file: Path | str | None = None, line: int = 1) -> str:
    """Put a string literal in place of each `{{name}}` of a SQL task's file, as the platform does.

    So `owner = {{who}}` and `IDENTIFIER({{schema}})` work, and a piece of a name (`main.port.{{table}}`) is an error of
    the statement. Inside backticks the value goes in as it is, which the documentation leaves open. Comments stay.

    Args:
        file: where the statement comes from, for errors.
        line: at which it begins.

    Raises:
        UserError: for a name that is no parameter, and inside quotes, where the literal's own quotes would end them.
    """

    def filled(found: re.Match[str]) -> str:
        text, name = found.group(0), found.group(1)
        at = line + statement.count("\n", 0, found.start())
        if name is not None:
            if name not in parameters:
                there = ", ".join(parameters) or "none"
                raise UserError(f"{text} names no parameter of the task or its job; there are: {there}", file, at)
            return literal(parameters[name])
        if text.startswith("`"):
            return _BRACES.sub(lambda one: parameters.get(one.group(1), one.group(0)).replace("`", "``"), text)
        if text[0] in "'\"":
            inside = _BRACES.search(text)
            if inside is not None and inside.group(1) in parameters:
                whole = inside.group(0)
                raise UserError(
                    f"{whole} stands in quotes, but arrives as a quoted text: write {whole} alone", file, at
                )
        return text

    return _PIECES.sub(filled, statement)


def literal(value: str) -> str:
    """A text as SQL writes it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


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
