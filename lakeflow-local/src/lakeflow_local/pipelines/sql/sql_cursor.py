"""A cursor over the tokens of one SQL statement: words, names, lists and the text between them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlglot.tokens import Token, TokenType

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model.model import Place

STRINGS = (TokenType.STRING, TokenType.RAW_STRING)
OPEN, CLOSE = TokenType.L_PAREN, TokenType.R_PAREN


class Cursor:
    """How far one statement has been read.

    Attributes:
        tokens: the statement's tokens, without the semicolon.
        at: index of the next one.
        place: where the statement begins.
    """

    def __init__(
        self, text: str, tokens: list[Token], file: Path, settings: Mapping[str, str], line: int | None = None
    ) -> None:
        """
        Args:
            text: the whole file, into which the tokens' positions point.
            settings: what stands for `${name}`, from the SET statements before.
            line: of every token, where the text is a part of a Python file.
        """
        self._text, self._file, self._settings, self._line = text, file, settings, line
        self.tokens = tokens
        self.at = 0
        self.place = self.here

    @property
    def is_at_end(self) -> bool:
        """Whether nothing of the statement is left."""
        return self.at >= len(self.tokens)

    @property
    def here(self) -> Place:
        """The place of the next token."""
        token = self.tokens[min(self.at, len(self.tokens) - 1)]
        return Place(str(self._file), token.line if self._line is None else self._line)

    def within(self, start: int, end: int) -> Cursor:
        """A cursor over a part of the statement."""
        return Cursor(self._text, self.tokens[start:end], self._file, self._settings, self._line)

    def items(self) -> list[tuple[int, int]]:
        """The ranges of a parenthesised list's items; the cursor goes behind it."""
        close = self.closing(self.at)
        items, start, depth, angles = [], self.at + 1, 0, 0
        for index in range(self.at + 1, close):
            token = self.tokens[index]
            depth += {OPEN: 1, CLOSE: -1}.get(token.token_type, 0)
            angles = self.angles(index, angles)
            if token.token_type is TokenType.COMMA and depth == 0 and angles == 0:
                items.append((start, index))
                start = index + 1
        items.append((start, close))
        self.at = close + 1
        return [(first, last) for first, last in items if last > first]

    def closing(self, opening: int) -> int:
        """The index of the parenthesis that closes the one at `opening`."""
        depth = 0
        for index in range(opening, len(self.tokens)):
            depth += {OPEN: 1, CLOSE: -1}.get(self.tokens[index].token_type, 0)
            if depth == 0:
                return index
        raise self.error("a parenthesis is not closed")

    def parenthesised(self) -> str:
        """The text of the parentheses that come next."""
        if not self.is_next(OPEN):
            raise self.error(f"'(' is missing before '{self.words(2)}'")
        close = self.closing(self.at)
        inside = self.slice(self.at + 1, close)
        self.at = close + 1
        return inside

    def until(self, *stops: str) -> str:
        """The text up to one of these words outside of parentheses and of a type's brackets."""
        start, depth, angles = self.at, 0, 0
        while not self.is_at_end:
            token = self.tokens[self.at]
            is_plain = token.token_type not in (*STRINGS, TokenType.IDENTIFIER)
            if depth == angles == 0 and is_plain and token.text.upper().partition(" ")[0] in stops and self.at > start:
                break
            depth += {OPEN: 1, CLOSE: -1}.get(token.token_type, 0)
            angles = self.angles(self.at, angles)
            self.at += 1
        return self.slice(start, self.at)

    def angles(self, index: int, open_now: int) -> int:
        """How many brackets of types are open behind a token: of STRUCT<a: INT, b: INT>, and not comparisons."""
        text = self.tokens[index].text
        if text == "<" and index and self.tokens[index - 1].text.upper() in ("STRUCT", "MAP", "ARRAY"):
            return open_now + 1
        return open_now - len(text) if open_now and set(text) == {">"} else open_now

    def slice(self, start: int, end: int) -> str:
        """The text of tokens `start` to `end`, the last excluded, with its `${name}` filled in."""
        text = self._text[self.tokens[start].start : self.tokens[end - 1].end + 1] if end > start else ""
        for name, value in self._settings.items():
            text = text.replace("${" + name + "}", value)
        return text

    def name(self) -> str:
        """The qualified name that comes next, as it is written."""
        start = self.at
        self.at += 1
        while self.at + 1 < len(self.tokens) and self.tokens[self.at].token_type is TokenType.DOT:
            self.at += 2
        if self.at > len(self.tokens):
            raise self.error("a name is missing")
        return self.slice(start, self.at)

    def word(self) -> str:
        """The text of the next token."""
        if self.is_at_end:
            raise self.error("a word is missing at the end")
        self.at += 1
        return self.tokens[self.at - 1].text

    def string(self) -> str:
        """The value of the string that comes next; Spark joins strings that follow one another."""
        start = self.at
        while not self.is_at_end and self.tokens[self.at].token_type in STRINGS:
            self.at += 1
        if self.at == start:
            raise self.error(f"a string is missing before '{self.words(2)}'")
        return "".join(token.text for token in self.tokens[start : self.at])

    def is_next(self, kind: TokenType) -> bool:
        """Whether the next token is of a kind."""
        return not self.is_at_end and self.tokens[self.at].token_type is kind

    def take(self, *words: str) -> bool:
        """Go past these words if they come next; sqlglot may have joined several into one token."""
        at, wanted = self.at, list(words)
        while wanted:
            if at >= len(self.tokens) or self.tokens[at].token_type in STRINGS:
                return False
            found = self.tokens[at].text.upper().split()
            if not found or found != wanted[: len(found)]:
                return False
            wanted = wanted[len(found) :]
            at += 1
        self.at = at
        return True

    def expect(self, *words: str) -> None:
        """Go past these words, or raise an error that says they are missing."""
        if not self.take(*words):
            raise self.error(f"{' '.join(words)} is missing before '{self.words(2)}'")

    def words(self, count: int) -> str:
        """The next words, for messages."""
        rest = self.tokens[self.at : self.at + count]
        return " ".join(token.text for token in rest) if rest else "the end"

    def error(self, message: str) -> UserError:
        """The error for what is wrong at the next token."""
        return UserError(message, file=self._file, line=self.here.line)


def names_in(text: str) -> tuple[str, ...]:
    """The plain names of a list."""
    return tuple(name.strip().strip("`") for name in text.split(","))
