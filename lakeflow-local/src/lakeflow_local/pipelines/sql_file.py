"""Reads a SQL source file: streaming tables, materialized views, temporary views and flows, with their expectations.

The declarations around a query are read here; the query itself is Spark's to parse, as it stands in the file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.declare_cdc import checked, scd_type_of
from lakeflow_local.pipelines.model import (
    CdcFlow,
    Dataset,
    Expectation,
    Flow,
    Kind,
    Place,
    Severity,
    merge_expectations,
)
from lakeflow_local.pipelines.sql_text import tokens

if TYPE_CHECKING:
    from lakeflow_local.pipelines.registry import Registry

_STRINGS = (TokenType.STRING, TokenType.RAW_STRING)
_OPEN, _CLOSE = TokenType.L_PAREN, TokenType.R_PAREN
_CDC_CLAUSES = ("IGNORE", "APPLY", "SEQUENCE", "SYSTEM", "COLUMNS", "STORED", "TRACK")


def declare(text: str, file: Path, registry: Registry) -> None:
    """Record what the statements of a SQL file declare.

    Raises:
        UserError: for a statement that is no declaration of a pipeline, with its line.
    """
    try:
        stream = tokens(text)
    except TokenError as error:
        raise UserError(f"cannot be read as SQL: {str(error).splitlines()[0]}", file=file) from None
    statement: list[Token] = []
    for token in [*stream, None]:
        if token is None or token.token_type is TokenType.SEMICOLON:
            if statement:
                _Statement(text, statement, file, registry).declare()
            statement = []
        else:
            statement.append(token)


class _Statement:
    """A cursor over the tokens of one statement."""

    def __init__(self, text: str, stream: list[Token], file: Path, registry: Registry) -> None:
        self._text, self._stream, self._file, self._registry = text, stream, file, registry
        self._at = 0
        self._place = Place(str(file), stream[0].line)

    def declare(self) -> None:
        """Read the statement and record it."""
        if self._take("CREATE"):
            if self._take("FLOW"):
                return self._flow()
            return self._dataset()
        if self._take("APPLY", "CHANGES", "INTO"):
            target = self._name()
            return self._cdc(target, target, once=False)
        raise self._error(f"a pipeline's SQL declares datasets and flows, and this is '{self._words(3)} …'")

    def _dataset(self) -> None:
        if self._take("OR"):
            self._expect("REFRESH") if not self._take("REPLACE") else None
        private = self._take("PRIVATE")
        temporary = self._take("TEMPORARY") or self._take("TEMP")
        self._take("LIVE")
        if self._take("MATERIALIZED", "VIEW"):
            kind = Kind.MATERIALIZED_VIEW
        elif self._take("STREAMING"):
            self._take("LIVE")
            self._expect("TABLE")
            kind = Kind.STREAMING_TABLE
        elif self._take("VIEW"):
            kind = Kind.TEMPORARY_VIEW
        elif self._take("TABLE"):
            kind = Kind.TABLE  # CREATE LIVE TABLE, the older form: its query decides
        else:
            raise self._error(f"a pipeline cannot create this: '{self._words(4)} …'")
        if temporary and kind is not Kind.TEMPORARY_VIEW:
            private = True
        self._take("IF", "NOT", "EXISTS")
        dataset = Dataset(self._name(), kind, self._place, private=private)
        rules: list[Expectation] = []
        if self._is(_OPEN):
            dataset.schema = self._columns(rules)
        self._clauses(dataset)
        dataset.expectations = merge_expectations(dataset.name, rules, self._place)
        if self._take("FLOW", "AUTO", "CDC"):
            self._registry.add_dataset(dataset)
            return self._cdc(dataset.name, dataset.name, once=False)
        flow = None
        if self._take("AS"):
            flow = Flow(dataset.name, dataset.name, self._query(), self._place)
        elif self._at < len(self._stream):
            raise self._error(f"unexpected '{self._words(3)}' in the declaration of {dataset.name}")
        elif kind is not Kind.STREAMING_TABLE:
            raise self._error(f"{dataset.name} has no AS and query")
        self._registry.add_dataset(dataset, flow)

    def _clauses(self, dataset: Dataset) -> None:
        """The clauses between the columns and AS, in any order."""
        while True:
            if self._take("COMMENT"):
                dataset.comment = self._string()
            elif self._take("PARTITIONED", "BY"):
                dataset.partition_cols = tuple(part.strip(" `") for part in self._parenthesised().split(","))
            elif self._take("CLUSTER", "BY"):
                if self._is(_OPEN):
                    dataset.cluster_by = tuple(part.strip(" `") for part in self._parenthesised().split(","))
                else:
                    self._at += 1  # AUTO or NONE
            elif self._take("TBLPROPERTIES"):
                dataset.properties = self._properties()
            elif self._take("USING"):
                self._at += 1
            elif self._take("SCHEDULE") or self._take("TRIGGER"):
                raise self._error("SCHEDULE and TRIGGER belong to tables outside of a pipeline")
            else:
                return

    def _columns(self, rules: list[Expectation]) -> str | None:
        """The column list: constraints become expectations, what is left is the schema; None without typed columns."""
        columns: list[str] = []
        for start, end in self._items():
            words = [token.text.upper() for token in self._stream[start:end]]
            if words[0] == "CONSTRAINT" and "EXPECT" in words:
                rules.append(self._expectation(start, end))
            elif words[0] in ("CONSTRAINT", "PRIMARY", "FOREIGN"):
                continue  # informational on the platform
            elif end - start == 1:
                raise self._error(
                    f"column {self._stream[start].text} needs a type (lakeflow-local knows no lists of bare names yet)"
                )
            else:
                columns.append(self._slice(start, end))
        return ", ".join(columns) or None

    def _expectation(self, start: int, end: int) -> Expectation:
        name = self._stream[start + 1].text
        index = start + 3
        if self._stream[start + 2].text.upper() != "EXPECT" or self._stream[index].token_type is not _OPEN:
            raise self._error(f"constraint {name}: write CONSTRAINT {name} EXPECT (condition)")
        close = self._closing(index)
        predicate = self._slice(index + 1, close)
        action = " ".join(token.text.upper() for token in self._stream[close + 1 : end])
        severities = {
            "": Severity.WARN,
            "ON VIOLATION DROP ROW": Severity.DROP,
            "ON VIOLATION FAIL UPDATE": Severity.FAIL,
        }
        if action not in severities:
            raise self._error(
                f"constraint {name}: '{action}' is neither ON VIOLATION DROP ROW nor ON VIOLATION FAIL UPDATE"
            )
        return Expectation(name, predicate, severities[action])

    def _flow(self) -> None:
        name = self._name()
        if self._take("COMMENT"):
            self._string()
        self._expect("AS")
        if self._take("AUTO", "CDC"):
            once = self._take("ONCE")
            self._expect("INTO")
            return self._cdc(self._name(), name, once=once)
        self._expect("INSERT", "INTO")
        once = self._take("ONCE")
        target = self._name()
        self._take("BY", "NAME")
        self._registry.add_flow(Flow(name, target, self._query(), self._place, once=once))

    def _cdc(self, target: str, name: str, *, once: bool) -> None:
        self._expect("FROM")
        stream = self._take("STREAM")
        wrapped = stream and self._is(_OPEN)
        source = self._parenthesised().strip() if wrapped else self._name()
        given: dict[str, Any] = {"once": once}
        self._expect("KEYS")
        given["keys"] = _names(self._parenthesised())
        while self._at < len(self._stream):
            if self._take("IGNORE", "NULL", "UPDATES", "ON"):
                given.update(self._chosen("ignore_null_updates_"))
            elif self._take("IGNORE", "NULL", "UPDATES"):
                given["ignore_null_updates"] = True
            elif self._take("APPLY", "AS", "DELETE", "WHEN"):
                given["apply_as_deletes"] = self._until(*_CDC_CLAUSES)
            elif self._take("APPLY", "AS", "TRUNCATE", "WHEN"):
                given["apply_as_truncates"] = self._until(*_CDC_CLAUSES)
            elif self._take("SEQUENCE", "BY"):
                given["sequence_by"] = self._until(*_CDC_CLAUSES)
            elif self._take("SYSTEM", "SEQUENCE", "BY") or self._take("COLUMNS", "TO", "UPDATE"):
                raise self._error("lakeflow-local does not support SYSTEM SEQUENCE BY and COLUMNS TO UPDATE yet")
            elif self._take("COLUMNS"):
                given.update(self._chosen(""))
            elif self._take("STORED", "AS", "SCD", "TYPE"):
                given["scd_type"] = scd_type_of(target, self._word(), self._place)
            elif self._take("STORED", "AS", "BITEMPORAL"):
                raise self._error("lakeflow-local does not support BITEMPORAL targets yet")
            elif self._take("TRACK", "HISTORY", "ON"):
                given.update(self._chosen("track_history_"))
            else:
                raise self._error(f"unexpected '{self._words(3)}' in the AUTO CDC flow into {target}")
        if "sequence_by" not in given:
            raise self._error(f"the AUTO CDC flow into {target} needs SEQUENCE BY")
        flow = CdcFlow(name=name, target=target, source=source, place=self._place, **given)
        self._registry.add_flow(checked(flow))

    def _chosen(self, prefix: str) -> dict[str, tuple[str, ...]]:
        """`(a, b)`, `a, b` or `* EXCEPT (a, b)`, as an argument of an AUTO CDC flow."""
        form = "except_column_list" if self._take("*", "EXCEPT") else "column_list"
        return {prefix + form: _names(self._parenthesised() if self._is(_OPEN) else self._until(*_CDC_CLAUSES))}

    def _query(self) -> Callable[[], Any]:
        if self._at >= len(self._stream):
            raise self._error("a query is missing")
        text = self._text[self._stream[self._at].start : self._stream[-1].end + 1]

        def run_query() -> Any:
            from pyspark.sql import SparkSession

            return SparkSession.builder.getOrCreate().sql(text)

        return run_query

    def _properties(self) -> dict[str, str]:
        found = {}
        for start, end in self._items():
            words = self._stream[start:end]
            split = next((i for i, token in enumerate(words) if token.token_type is TokenType.EQ), len(words) - 1)
            key = words[0].text if words[0].token_type in _STRINGS else "".join(token.text for token in words[:split])
            found[key] = words[-1].text
        return found

    def _items(self) -> list[tuple[int, int]]:
        """The ranges of a parenthesised list's items; the cursor goes behind it."""
        close = self._closing(self._at)
        items, start, depth, angles = [], self._at + 1, 0, 0
        for index in range(self._at + 1, close):
            token = self._stream[index]
            depth += {_OPEN: 1, _CLOSE: -1}.get(token.token_type, 0)
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
            depth += {_OPEN: 1, _CLOSE: -1}.get(self._stream[index].token_type, 0)
            if depth == 0:
                return index
        raise self._error("a parenthesis is not closed")

    def _parenthesised(self) -> str:
        if not self._is(_OPEN):
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
            depth += {_OPEN: 1, _CLOSE: -1}.get(token.token_type, 0)
            self._at += 1
        return self._slice(start, self._at)

    def _slice(self, start: int, end: int) -> str:
        return self._text[self._stream[start].start : self._stream[end - 1].end + 1] if end > start else ""

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
        if token is None or token.token_type not in _STRINGS:
            raise self._error(f"a string is missing before '{self._words(2)}'")
        self._at += 1
        return token.text

    def _is(self, kind: TokenType) -> bool:
        return self._at < len(self._stream) and self._stream[self._at].token_type is kind

    def _take(self, *words: str) -> bool:
        """Go past these words if they come next; sqlglot may have joined several into one token."""
        at, wanted = self._at, list(words)
        while wanted:
            if at >= len(self._stream) or self._stream[at].token_type in _STRINGS:
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


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip().strip("`") for name in text.split(","))
