"""Parameters of a pipeline in its SQL: `:name` is a string, and `IDENTIFIER(…)` over such strings is a name.

https://docs.databricks.com/aws/en/ldp/parameters (Beta). Both are filled in before a statement is read, so that the
tables that it names are known like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlglot.tokens import Token, TokenType

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model.names import quote, split
from lakeflow_local.pipelines.model.sql_text import tokens

_STRINGS = (TokenType.STRING, TokenType.RAW_STRING)
_CLOSING = (TokenType.IDENTIFIER, TokenType.R_PAREN, TokenType.R_BRACKET, *_STRINGS)


def fill(text: str, parameters: Mapping[str, str], file: Path) -> str:
    """The text with its parameters filled in; lines stay where they are.

    Raises:
        UserError: for a parameter without a value, or an IDENTIFIER that is made of something else.
    """
    stream = tokens(text)
    pieces: list[str] = []
    position = index = 0
    while index < len(stream):
        replaced = _identifier(stream, index, parameters, file) or _parameter(stream, index, parameters, file)
        if replaced is None:
            index += 1
            continue
        new, end = replaced
        pieces += [text[position : stream[index].start], new]
        position = stream[end].end + 1
        index = end + 1
    return "".join([*pieces, text[position:]])


def _parameter(stream: list[Token], index: int, parameters: Mapping[str, str], file: Path) -> tuple[str, int] | None:
    value = _value(stream, index, parameters, file)
    return None if value is None else (_literal(value), index + 1)


def _value(stream: list[Token], index: int, parameters: Mapping[str, str], file: Path) -> str | None:
    """The value of the parameter at a token; None if there is none."""
    if stream[index].token_type is not TokenType.COLON or index + 1 >= len(stream):
        return None
    before = stream[index - 1] if index else None
    if before is not None and before.end + 1 == stream[index].start and _is_value(before):
        return None
    name = stream[index + 1]
    is_name = name.token_type is TokenType.IDENTIFIER or name.text.replace("_", "a").isalnum()
    if not is_name or name.start != stream[index].end + 1:
        return None
    if name.text not in parameters:
        known = f"; it has {', '.join(sorted(parameters))}" if parameters else ""
        message = f"parameter :{name.text} has no value: give it one in `parameters` of the pipeline{known}"
        raise UserError(message, file=file, line=name.line)
    return parameters[name.text]


def _is_value(token: Token) -> bool:
    """Whether a colon right behind a token leads into a JSON text or to a field's type.

    As in `details:flow_progress`, `parse(x):a`, `x[0]:a`, `STRUCT<a: INT>`.
    """
    return token.token_type in _CLOSING or token.text.replace("_", "a").isalnum()


def _literal(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def _identifier(stream: list[Token], index: int, parameters: Mapping[str, str], file: Path) -> tuple[str, int] | None:
    """What `IDENTIFIER(…)` at a token stands for, and the token at which it ends."""
    token = stream[index]
    if token.token_type is not TokenType.VAR or token.text.upper() != "IDENTIFIER":
        return None
    if index + 1 >= len(stream) or stream[index + 1].token_type is not TokenType.L_PAREN:
        return None
    name, at, depth = "", index + 2, 1
    while at < len(stream):
        inner = stream[at]
        value = _value(stream, at, parameters, file)
        if value is not None:
            name += value
            at += 1
        elif inner.token_type in _STRINGS:
            name += inner.text
        elif inner.token_type is TokenType.L_PAREN and stream[at - 1].text.upper() == "CONCAT":
            depth += 1
        elif inner.token_type is TokenType.R_PAREN:
            depth -= 1
            if depth == 0:
                break
        elif not (inner.token_type in (TokenType.DPIPE, TokenType.COMMA) or inner.text.upper() == "CONCAT"):
            message = f"IDENTIFIER(… {inner.text} …): lakeflow-local reads strings, parameters, || and concat in it"
            raise UserError(message, file=file, line=inner.line)
        at += 1
    parts = split(name)
    if not parts or at >= len(stream):
        raise UserError(f"IDENTIFIER: '{name}' is no name", file=file, line=token.line)
    return quote(*parts), at
