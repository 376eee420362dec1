"""A cursor over the tokens of one SQL statement: words, names, lists and the text between them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot.tokens import Token, TokenType

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model import Place

if TYPE_CHECKING:
    from lakeflow_local.pipelines.registry import Registry

STRINGS = (TokenType.STRING, TokenType.RAW_STRING)
OPEN, CLOSE = TokenType.L_PAREN, TokenType.R_PAREN


class Cursor:
    """Where reading a statement has come to; the registry takes what is read."""

    def __init__(
        self, text: str, stream: list[Token], file: Path, registry: Registry, settings: Mapping[str, str]
    ) -> None:
        """
        Args:
            settings: what stands for `${name}`, from the SET statements before.
        """
        self._text, self._stream, self._file, self._registry = text, stream, file, registry
        self._settings = settings
        self._at = 0
        self._place = Place(str(file), stream[0].line)

    def _items(self) -> list[tuple[int, int]]:
        """The ranges of a parenthesised list's items; the cursor goes behind it."""
        close = self._closing(self._at)
        items, start, depth, angles = [], self._at + 1, 0, 0
        for index in range(self._at + 1, close):
            token = self._stream[index]
            depth += {OPEN: 1, CLOSE: -1}.get(token.token_type, 0)
            # STRUCT<a: INT, b: INT>: brackets of a type, and not comparisons.
            if token.text == "<" and self._stream[index - 1].text.upper() in ("STRUCT", "MAP", "ARRAY"):
                angles += 1
            elif angles and set(token.text) == {">"}:
                angles -= len(token.text)
            elif token.token_type is TokenType.COMMA and depth == 0 and angles == 0:
                items.append((start, index))
                start = index + 1
        items.append((start, close))
        self._at = close + 1
        return [(first, last) for first, last in items if last > first]

    def _closing(self, opening: int) -> int:
        depth = 0
        for index in range(opening, len(self._stream)):
            depth += {OPEN: 1, CLOSE: -1}.get(self._stream[index].token_type, 0)
            if depth == 0:
                return index
        raise self._error("a parenthesis is not closed")

    def _parenthesised(self) -> str:
        if not self._is(OPEN):
            raise self._error(f"'(' is missing before '{self._words(2)}'")
        close = self._closing(self._at)
        inside = self._slice(self._at + 1, close)
        self._at = close + 1
        return inside

    def _until(self, *stops: str) -> str:
        """The text up to one of these words outside of parentheses."""
        start, depth = self._at, 0
        while self._at < len(self._stream):
            token = self._stream[self._at]
            if depth == 0 and token.text.upper() in stops and self._at > start:
                break
            depth += {OPEN: 1, CLOSE: -1}.get(token.token_type, 0)
            self._at += 1
        return self._slice(start, self._at)

    def _slice(self, start: int, end: int) -> str:
        text = self._text[self._stream[start].start : self._stream[end - 1].end + 1] if end > start else ""
        for name, value in self._settings.items():
            text = text.replace("${" + name + "}", value)
        return text

    def _name(self) -> str:
        start = self._at
        self._at += 1
        while self._at + 1 < len(self._stream) and self._stream[self._at].token_type is TokenType.DOT:
            self._at += 2
        if self._at > len(self._stream):
            raise self._error("a name is missing")
        return self._slice(start, self._at)

    def _word(self) -> str:
        if self._at >= len(self._stream):
            raise self._error("a word is missing at the end")
        self._at += 1
        return self._stream[self._at - 1].text

    def _string(self) -> str:
        token = self._stream[self._at] if self._at < len(self._stream) else None
        if token is None or token.token_type not in STRINGS:
            raise self._error(f"a string is missing before '{self._words(2)}'")
        self._at += 1
        return token.text

    def _is(self, kind: TokenType) -> bool:
        return self._at < len(self._stream) and self._stream[self._at].token_type is kind

    def _take(self, *words: str) -> bool:
        """Go past these words if they come next; sqlglot may have joined several into one token."""
        at, wanted = self._at, list(words)
        while wanted:
            if at >= len(self._stream) or self._stream[at].token_type in STRINGS:
                return False
            found = self._stream[at].text.upper().split()
            if not found or found != wanted[: len(found)]:
                return False
            wanted = wanted[len(found) :]
            at += 1
        self._at = at
        return True

    def _expect(self, *words: str) -> None:
        if not self._take(*words):
            raise self._error(f"{' '.join(words)} is missing before '{self._words(2)}'")

    def _words(self, count: int) -> str:
        rest = self._stream[self._at : self._at + count]
        return " ".join(token.text for token in rest) if rest else "the end"

    def _error(self, message: str) -> UserError:
        token = self._stream[min(self._at, len(self._stream) - 1)]
        return UserError(message, file=self._file, line=token.line)


def names_in(text: str) -> tuple[str, ...]:
    """The plain names of a list."""
    return tuple(name.strip().strip("`") for name in text.split(","))
