"""Finds the tables that SQL text reads, and rewrites how it names them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlglot.dialects import Databricks
from sqlglot.tokens import Token, TokenType

from lakeflow_local.errors import UserError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Spark's own parser says what is a table; its unresolved plan, printed, holds every one, in subqueries and CTEs too.
_RELATION = re.compile(r"'UnresolvedRelation \[(.*?)\], \[[^\n]*?\], (true|false)")


@dataclass(frozen=True)
class Reference:
    """A table that SQL text reads, as a stream or not."""

    parts: tuple[str, ...]
    streaming: bool


def references(spark: SparkSession, text: str) -> list[Reference]:
    """The tables that a statement reads; none if it does not parse (running it will tell why)."""
    from pyspark.errors import ParseException  # here, because what only reads SQL files does without pyspark

    try:
        plan = spark._jsparkSession.sessionState().sqlParser().parsePlan(text).toString()
    except ParseException:
        return []
    found = (Reference(tuple(names.split(", ")), streaming == "true") for names, streaming in _RELATION.findall(plan))
    return list(dict.fromkeys(found))


def tokens(text: str) -> list[Token]:
    """The text's tokens, with their places in it; comments and strings are told apart as Databricks does."""
    return Databricks().tokenize(text)


def has_pivot(text: str) -> bool:
    """Whether a statement has a PIVOT clause."""
    if "pivot" not in text.lower():
        return False
    found = tokens(text)
    return any(a.token_type is TokenType.PIVOT and b.token_type is TokenType.L_PAREN for a, b in pairwise(found))


def rename(text: str, replace: Callable[[tuple[str, ...]], str | None]) -> str:
    """Replace qualified names by what `replace` gives for their parts; the longest match counts.

    A name without dots stays: it may be a column or an alias.
    """
    stream = tokens(text)
    pieces: list[str] = []
    position = index = 0
    while index < len(stream):
        parts, ends = _dotted(stream, index)
        taken = 1
        for length in range(min(len(parts), 3), 1, -1):
            new = replace(tuple(parts[:length]))
            if new is not None:
                pieces += [text[position : stream[index].start], new]
                position = ends[length - 1] + 1
                taken = 2 * length - 1
                break
        else:
            taken = max(1, 2 * len(parts) - 1)
        index += taken
    return "".join([*pieces, text[position:]])


def _dotted(stream: list[Token], index: int) -> tuple[list[str], list[int]]:
    parts: list[str] = []
    ends: list[int] = []
    while index < len(stream) and _is_name(stream[index]):
        parts.append(stream[index].text)
        ends.append(stream[index].end)
        if index + 1 >= len(stream) or stream[index + 1].token_type is not TokenType.DOT:
            break
        index += 2
    return parts, ends


def _is_name(token: Token) -> bool:
    return token.token_type in (TokenType.VAR, TokenType.IDENTIFIER) or (
        bool(re.fullmatch(r"[A-Za-z_]\w*", token.text))
        and (token.token_type not in (TokenType.STRING, TokenType.NUMBER))
    )


def closing(stream: list[Token], opening: int, of: str) -> int:
    """The place of the parenthesis that closes the one at a place.

    Args:
        of: the statement or function, for the message.

    Raises:
        UserError: there is none.
    """
    depth = 0
    for index in range(opening, len(stream)):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(stream[index].token_type, 0)
        if depth == 0:
            return index
    raise UserError(f"{of}: a parenthesis is not closed")
