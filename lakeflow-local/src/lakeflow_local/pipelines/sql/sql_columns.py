"""Column lists: names, types and what may stand behind a type, of SQL's tables and of Python's `schema=`.

https://docs.databricks.com/aws/en/ldp/developer/ldp-sql-ref-create-streaming-table: column_properties.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from sqlglot.tokens import TokenType

from lakeflow_local.pipelines.model.declarations import Declarations
from lakeflow_local.pipelines.model.model import Expectation, Place, Severity, Supplied
from lakeflow_local.pipelines.model.sql_text import tokens
from lakeflow_local.pipelines.sql.sql_cursor import OPEN, Cursor

_PROPERTIES = (
    "NOT",
    "COMMENT",
    "CONSTRAINT",
    "PRIMARY",
    "FOREIGN",
    "REFERENCES",
    "MASK",
    "GENERATED",
    "DEFAULT",
    "CHECK",
)
_MARKS = re.compile(r"\b(PRIMARY|FOREIGN|REFERENCES|CONSTRAINT|MASK|GENERATED|DEFAULT)\b", re.IGNORECASE)
_UNITS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "TO")
# Said of keys, which nobody enforces, on the platform either.
_KEY_OPTIONS = (
    ("NOT", "ENFORCED"),
    ("DEFERRABLE",),
    ("NOT", "DEFERRABLE"),
    ("INITIALLY", "DEFERRED"),
    ("NORELY",),
    ("RELY",),
    ("MATCH", "FULL"),
    ("ON", "UPDATE", "NO", "ACTION"),
    ("ON", "DELETE", "NO", "ACTION"),
    ("TIMESERIES",),
)
_SEVERITIES = {
    "": Severity.WARN,
    "ON VIOLATION DROP ROW": Severity.DROP,
    "ON VIOLATION FAIL UPDATE": Severity.FAIL,
}


@dataclass
class Columns:
    """What a column list says.

    Attributes:
        typed: columns with a type, as DDL that Spark reads.
        named: columns without one, with their comments.
    """

    typed: list[str] = field(default_factory=list)
    named: list[tuple[str, str | None]] = field(default_factory=list)
    rules: list[Expectation] = field(default_factory=list)
    supplied: list[Supplied] = field(default_factory=list)

    @property
    def schema(self) -> str | None:
        """The typed columns; None if there are none."""
        return ", ".join(self.typed) or None


def read_schema(text: str, place: Place, declared: Declarations) -> tuple[str | None, tuple[Supplied, ...]]:
    """The `schema=` of a dataset in Python, as DDL that Spark reads, and the columns that the table fills.

    Raises:
        UserError: for a property that is not known, or an expectation.
    """
    if not _MARKS.search(text):
        return text, ()
    listed = f"({text})"
    cursor = Cursor(listed, tokens(listed), Path(place.file), {}, place.line)
    columns = read_columns(cursor, declared)
    if columns.rules:
        raise cursor.error("a schema takes no expectations: write @dp.expect over the dataset")
    if columns.named:
        raise cursor.error(f"column {columns.named[0][0]} of the schema needs a type")
    return columns.schema, tuple(columns.supplied)


def read_columns(cursor: Cursor, declared: Declarations) -> Columns:
    """The parenthesised column list that comes next.

    Raises:
        UserError: for a property or a constraint that is not known, with its line.
    """
    columns = Columns()
    for start, end in cursor.items():
        item = cursor.within(start, end)
        if item.take("CONSTRAINT"):
            _named_constraint(item, columns, declared)
        elif item.words(1).upper() in ("PRIMARY KEY", "FOREIGN KEY"):
            _key(item, declared)
        elif end - start == 1 or item.tokens[1].text.upper() == "COMMENT":
            columns.named.append((item.word(), item.string() if item.take("COMMENT") else None))
        else:
            _column(item, columns, declared)
        if not item.is_at_end and item.at:
            raise item.error(f"unexpected '{item.words(3)}' in the column list")
    if columns.named and columns.typed:
        raise cursor.error(f"column {columns.named[0][0]} needs a type, as others have one")
    return columns


def _named_constraint(item: Cursor, columns: Columns, declared: Declarations) -> None:
    name = item.word()
    if item.words(1).upper() in ("PRIMARY KEY", "FOREIGN KEY"):
        return _key(item, declared)
    if item.take("CHECK"):
        raise item.error(
            f"constraint {name}: lakeflow-local does not support CHECK; an expectation, EXPECT, is like it"
        )
    if not item.take("EXPECT") or not item.is_next(OPEN):
        raise item.error(f"constraint {name}: write CONSTRAINT {name} EXPECT (condition)")
    predicate = item.parenthesised()
    action = " ".join(token.text.upper() for token in item.tokens[item.at :])
    if action not in _SEVERITIES:
        message = f"constraint {name}: '{action}' is neither ON VIOLATION DROP ROW nor ON VIOLATION FAIL UPDATE"
        raise item.error(message)
    item.at = len(item.tokens)
    columns.rules.append(Expectation(name, predicate, _SEVERITIES[action]))


def _key(item: Cursor, declared: Declarations) -> None:
    """PRIMARY KEY or FOREIGN KEY … REFERENCES, behind a type or in the list; informational on the platform, too."""
    kind = "PRIMARY KEY" if item.take("PRIMARY", "KEY") else "FOREIGN KEY"
    declared.ignore(kind, item.place)
    item.take("FOREIGN", "KEY")
    if item.is_next(OPEN):
        item.parenthesised()
    if item.take("REFERENCES"):
        item.name()
        if item.is_next(OPEN):
            item.parenthesised()
    while any(item.take(*words) for words in _KEY_OPTIONS):
        pass


def _column(item: Cursor, columns: Columns, declared: Declarations) -> None:
    name = item.tokens[0].text
    item.at = 1
    if item.words(1).upper().partition(" ")[0] in _PROPERTIES:
        raise item.error(f"column {name} needs a type before '{item.words(2)}'")
    _go_past_type(item)
    kept = [item.slice(0, item.at)]
    while not item.is_at_end:
        if item.take("NOT", "NULL"):
            kept.append("NOT NULL")
        elif item.take("COMMENT"):
            start = item.at
            item.string()
            kept.append("COMMENT " + item.slice(start, item.at))
        elif item.take("MASK"):
            declared.ignore("MASK", item.place)
            item.name()
            if item.take("USING", "COLUMNS"):
                item.parenthesised()
        elif item.take("GENERATED"):
            columns.supplied.append(_generated(item, name))
        elif item.take("DEFAULT"):
            columns.supplied.append(Supplied(name, item.until(*_PROPERTIES)))
        elif item.words(1).upper() in ("PRIMARY KEY", "FOREIGN KEY", "REFERENCES"):
            _key(item, declared)
        elif item.take("CONSTRAINT"):
            constraint = item.name()
            if item.words(1).upper() not in ("PRIMARY KEY", "FOREIGN KEY", "REFERENCES", "NOT"):
                message = f"constraint {constraint} of column {name}: '{item.words(2)}' is not supported behind a type"
                raise item.error(message)
        else:
            raise item.error(f"column {name}: lakeflow-local does not know '{item.words(2)}' behind a type")
    columns.typed.append(" ".join(kept))


def _go_past_type(item: Cursor) -> None:
    """`a INT`, `a: INT`, `a DECIMAL(18, 2)`, `a MAP<STRING, INT>`, `a STRING COLLATE x`, `a INTERVAL DAY TO SECOND`."""
    item.at += item.is_next(TokenType.COLON)
    first = item.word().upper()
    depth = 0
    while not item.is_at_end:
        depth = item.angles(item.at, depth)
        if not depth and item.tokens[item.at].text.strip(">"):
            break
        item.at += 1
        if not depth:
            break
    if item.is_next(OPEN):
        item.parenthesised()
    while first == "INTERVAL" and item.words(1).upper() in _UNITS:
        item.word()
    if item.take("COLLATE"):
        item.word()


def _generated(item: Cursor, name: str) -> Supplied:
    by_default = item.take("BY", "DEFAULT")
    if not by_default:
        item.expect("ALWAYS")
    item.expect("AS")
    if not item.take("IDENTITY"):
        return Supplied(name, item.parenthesised(), is_generated=True)
    numbers = {"START": 1, "INCREMENT": 1}
    if item.is_next(OPEN):
        inside = item.within(item.at, item.closing(item.at))
        inside.at = 1
        item.parenthesised()
        while not inside.is_at_end:
            word = inside.word().upper()
            if word not in numbers or not (inside.take("WITH") or inside.take("BY")):
                raise item.error(f"column {name}: IDENTITY takes START WITH and INCREMENT BY")
            sign = -1 if inside.is_next(TokenType.DASH) else 1
            inside.at += sign < 0
            numbers[word] = sign * _whole(inside.word(), item, name)
            inside.at += inside.is_next(TokenType.COMMA)
    if numbers["INCREMENT"] == 0:
        raise item.error(f"column {name}: the step of an IDENTITY cannot be 0")
    return Supplied(name, None, start=numbers["START"], step=numbers["INCREMENT"], is_by_default=by_default)


def _whole(text: str, item: Cursor, name: str) -> int:
    if not text.isdigit():
        raise item.error(f"column {name}: '{text}' is no whole number")
    return int(text)
