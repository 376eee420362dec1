"""Reads a SQL source file: streaming tables, materialized views, temporary views and flows, with their expectations.

The declarations around a query are read here; the query itself is Spark's to parse, as it stands in the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model import (
    Dataset,
    Expectation,
    Flow,
    Kind,
    Severity,
    merge_expectations,
)
from lakeflow_local.pipelines.sql_cursor import OPEN, STRINGS
from lakeflow_local.pipelines.sql_flow import FlowReader
from lakeflow_local.pipelines.sql_text import tokens

if TYPE_CHECKING:
    from lakeflow_local.pipelines.registry import Registry


def declare(text: str, file: Path, registry: Registry, settings: dict[str, str]) -> None:
    """Record what the statements of a SQL file declare.

    Args:
        settings: what SET has given a value so far; SET statements of this text are added.

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
                _Statement(text, statement, file, registry, settings).declare(settings)
            statement = []
        else:
            statement.append(token)


class _Statement(FlowReader):
    """Reads one statement as a declaration."""

    def declare(self, settings: dict[str, str]) -> None:
        """Read the statement and record it."""
        if self._take("CREATE"):
            if self._take("FLOW"):
                return self._flow()
            return self._dataset()
        if self._take("APPLY", "CHANGES", "INTO"):
            target = self._name()
            return self._cdc(target, target, once=False)
        if self._take("SET"):
            return self._set(settings)
        if self._take("USE"):
            message = f"USE {self._words(2)}: lakeflow-local reads names by the pipeline's schema only"
            raise self._error(f"{message}, so write the schema before each name")
        raise self._error(f"a pipeline's SQL declares datasets and flows, and this is '{self._words(3)} …'")

    def _set(self, settings: dict[str, str]) -> None:
        """SET name = value: the value stands for `${name}` in the statements that follow."""
        start = self._at
        while self._at < len(self._stream) and not self._is(TokenType.EQ):
            self._at += 1
        name, value = self._slice(start, self._at), self._slice(self._at + 1, len(self._stream))
        if not name or not value:
            raise self._error("write SET name = value")
        if name.startswith(("spark.", "pipelines.")):
            raise self._error(f"SET {name}: lakeflow-local takes settings of Spark from the pipeline's configuration")
        settings[name] = value

    def _dataset(self) -> None:
        if self._take("OR"):
            self._expect("REFRESH") if not self._take("REPLACE") else None
        private = self._take("PRIVATE")
        temporary = self._take("TEMPORARY") or self._take("TEMP")
        live = self._take("LIVE")
        if self._take("MATERIALIZED", "VIEW"):
            kind = Kind.MATERIALIZED_VIEW
        elif self._take("STREAMING"):
            self._take("LIVE")
            kind = Kind.TEMPORARY_VIEW if temporary and self._take("VIEW") else Kind.STREAMING_TABLE
            if kind is Kind.STREAMING_TABLE:
                self._expect("TABLE")
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
        named: list[tuple[str, str | None]] = []
        if self._is(OPEN):
            dataset.schema = self._columns(rules, named)
        if rules and kind is Kind.TEMPORARY_VIEW and not (temporary or live):
            raise self._error(f"view {dataset.name}: CREATE VIEW supports no expectations, CREATE LIVE VIEW does")
        self._clauses(dataset)
        dataset.expectations = merge_expectations(dataset.name, rules, self._place)
        if named and self._words(1).upper() != "AS":
            raise self._error(f"{dataset.name}: without a query, column {named[0][0]} needs a type")
        if self._take("FLOW", "AUTO", "CDC"):
            self._registry.add_dataset(dataset)
            return self._cdc(dataset.name, dataset.name, once=False)
        flow = None
        if self._take("AS"):
            flow = Flow(dataset.name, dataset.name, self._query(named), self._place)
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
                if self._is(OPEN):
                    dataset.cluster_by = tuple(part.strip(" `") for part in self._parenthesised().split(","))
                else:
                    self._at += 1  # AUTO or NONE
            elif self._take("TBLPROPERTIES"):
                dataset.properties = self._properties()
            elif self._take("USING"):
                self._word()
            elif self._take("LOCATION"):
                self._string()  # the table lies in the warehouse
            elif self._take("ROW", "FILTER") or self._take("WITH", "ROW", "FILTER"):
                self._name()  # one machine has one reader
                self._expect("ON")
                self._parenthesised()
            elif self._take("SCHEDULE") or self._take("TRIGGER"):
                raise self._error("SCHEDULE and TRIGGER belong to tables outside of a pipeline")
            else:
                return

    def _columns(self, rules: list[Expectation], named: list[tuple[str, str | None]]) -> str | None:
        """The column list: constraints become expectations, what is left is the schema, or names without types.

        Returns:
            Columns as DDL; None without typed ones.
        """
        columns: list[str] = []
        for start, end in self._items():
            words = [token.text.upper() for token in self._stream[start:end]]
            if words[0] == "CONSTRAINT" and "EXPECT" in words:
                rules.append(self._expectation(start, end))
            elif words[0] in ("CONSTRAINT", "PRIMARY", "FOREIGN"):
                continue  # informational on the platform
            elif end - start == 1 or words[1] == "COMMENT":
                named.append((self._stream[start].text, self._stream[end - 1].text if end - start == 3 else None))
            else:
                columns.append(self._slice(start, end))
        if named and columns:
            raise self._error(f"column {named[0][0]} needs a type, as others have one")
        return ", ".join(columns) or None

    def _expectation(self, start: int, end: int) -> Expectation:
        name = self._stream[start + 1].text
        index = start + 3
        if self._stream[start + 2].text.upper() != "EXPECT" or self._stream[index].token_type is not OPEN:
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

    def _properties(self) -> dict[str, str]:
        found = {}
        for start, end in self._items():
            words = self._stream[start:end]
            split = next((i for i, token in enumerate(words) if token.token_type is TokenType.EQ), len(words) - 1)
            key = words[0].text if words[0].token_type in STRINGS else "".join(token.text for token in words[:split])
            found[key] = words[-1].text
        return found
