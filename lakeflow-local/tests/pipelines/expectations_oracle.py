"""Expectations in plain Python, read from the documentation: random rules as SQL, and what they are for a row.

A predicate is TRUE, FALSE or NULL (`None`); a row passes a rule only where it is TRUE.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WARN, DROP, FAIL = "warn", "drop", "fail"
NUMBERS = (None, -2, -1, 0, 0, 1, 2, 3)
TEXTS = (None, "", "1", "12", "-3", " 7 ", "ab", "a_b", "a%b", "abc", "B")
_PATTERNS = ("a%", "%b", "_", "%", "a_b", "a!_b", "%!%%", "1%", "")
_PLAIN_NUMBERS = {"1", "12", "-3", " 7 "}


class Raised(Exception):
    """With ANSI on, the predicate ends the query for this row."""


@dataclass(frozen=True)
class Term:
    """An SQL expression and what it is for a row."""

    sql: str
    of: Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Rule:
    """A rule of one case: TRUE, FALSE or NULL for each row."""

    name: str
    severity: str
    predicate: Term


class Predicates:
    """Random predicates over `a INT, b INT, s STRING`.

    All parts of one are evaluated here, where SQL may stop at the first that decides: `Raised` says that it may raise.
    """

    def __init__(self, rng: random.Random, *, ansi: bool) -> None:
        self._rng, self._ansi = rng, ansi

    def predicate(self, depth: int = 2) -> Term:
        """A predicate with so many levels of AND, OR, NOT and the like around what it compares."""
        rng = self._rng
        if depth == 0 or rng.random() < 0.3:
            return rng.choice(
                (self._comparison, self._comparison, self._in, self._like, self._is_null, self._constant)
            )()
        one, other = self.predicate(depth - 1), self.predicate(depth - 1)
        return rng.choice(
            (
                Term(f"({one.sql}) AND ({other.sql})", lambda row: both(one.of(row), other.of(row))),
                Term(
                    f"({one.sql}) OR ({other.sql})",
                    lambda row: negated(both(negated(one.of(row)), negated(other.of(row)))),
                ),
                Term(f"NOT ({one.sql})", lambda row: negated(one.of(row))),
                Term(f"({one.sql}) IS TRUE", lambda row: one.of(row) is True),
                Term(f"coalesce({one.sql}, {other.sql})", lambda row: _first(one.of(row), other.of(row))),
                Term(
                    f"CASE WHEN {one.sql} THEN {other.sql} END",
                    lambda row: _chosen(one.of(row), other.of(row)),
                ),
            )
        )

    def _number(self, depth: int = 2) -> Term:
        kind = self._rng.random()
        if depth == 0 or kind < 0.5:
            name = self._rng.choice("ab")
            return Term(name, lambda row: row[name])
        if kind < 0.6:
            constant = self._rng.choice((-1, 0, 1, 2))
            return Term(str(constant), lambda row: constant)
        if kind < 0.7:
            return Term("length(s)", lambda row: None if row["s"] is None else len(row["s"]))
        if kind < 0.8:
            return Term("CAST(s AS INT)", lambda row: self._as_number(row["s"]))
        one, other = self._number(depth - 1), self._number(depth - 1)
        sign = self._rng.choice("+-*/%")
        return Term(f"({one.sql} {sign} {other.sql})", lambda row: self._computed(sign, one.of(row), other.of(row)))

    def _computed(self, sign: str, one: Any, other: Any) -> Any:
        if one is None or other is None:
            return None
        if sign in "/%" and other == 0:
            return self._wrong("division by zero")
        return {
            "+": lambda: one + other,
            "-": lambda: one - other,
            "*": lambda: one * other,
            "/": lambda: one / other,
            "%": lambda: math.fmod(one, other),
        }[sign]()

    def _as_number(self, text: str | None) -> int | None:
        if text is None:
            return None
        return int(text) if text in _PLAIN_NUMBERS else self._wrong(f"'{text}' is no number")

    def _wrong(self, why: str) -> None:
        if self._ansi:
            raise Raised(why)
        return None

    def _comparison(self) -> Term:
        rng = self._rng
        sign = rng.choice(("=", "<>", "<", "<=", ">", ">=", "<=>"))
        kind = rng.random()
        if kind < 0.2:  # text with a number: seen in the wild, NULL without ANSI where the text is none
            constant = rng.choice((0, 1, 7))
            return Term(f"s {sign} {constant}", lambda row: _compared(sign, self._as_number(row["s"]), constant))
        if kind < 0.4:
            text = rng.choice(("", "a_b", "b", "12"))
            return Term(f"s {sign} '{text}'", lambda row: _compared(sign, row["s"], text))
        one, other = self._number(), self._number()
        if kind < 0.5:
            low, high = sorted(rng.sample(range(-2, 4), 2))
            return Term(
                f"{one.sql} BETWEEN {low} AND {high}",
                lambda row: both(_compared(">=", one.of(row), low), _compared("<=", one.of(row), high)),
            )
        return Term(f"{one.sql} {sign} {other.sql}", lambda row: _compared(sign, one.of(row), other.of(row)))

    def _in(self) -> Term:
        one, negative = self._number(), self._rng.random() < 0.5
        members = self._rng.sample((-1, 0, 1, 2, None), self._rng.randint(1, 3))
        listed = ", ".join("NULL" if member is None else str(member) for member in members)

        def found(row: Mapping[str, Any]) -> bool | None:
            equal = [_compared("=", one.of(row), member) for member in members]
            result = True if True in equal else None if None in equal else False
            return negated(result) if negative else result

        return Term(f"{one.sql} {'NOT ' if negative else ''}IN ({listed})", found)

    def _like(self) -> Term:
        pattern = self._rng.choice(_PATTERNS)
        return Term(f"s LIKE '{pattern}' ESCAPE '!'", lambda row: None if row["s"] is None else like(row["s"], pattern))

    def _is_null(self) -> Term:
        one = self._number()
        if self._rng.random() < 0.5:
            return Term(f"{one.sql} IS NULL", lambda row: one.of(row) is None)
        return Term(f"{one.sql} IS NOT NULL", lambda row: one.of(row) is not None)

    def _constant(self) -> Term:
        value = self._rng.choice((True, False, None))
        sql = "CAST(NULL AS BOOLEAN)" if value is None else str(value).lower()
        return Term(sql, lambda row: value)


def both(one: bool | None, other: bool | None) -> bool | None:
    """AND of three values."""
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def negated(one: bool | None) -> bool | None:
    """NOT of three values."""
    return None if one is None else not one


def _first(one: Any, other: Any) -> Any:
    return other if one is None else one


def _chosen(one: Any, other: Any) -> Any:
    return other if one is True else None


def _compared(sign: str, one: Any, other: Any) -> bool | None:
    if sign == "<=>":
        return one == other
    if one is None or other is None:
        return None
    order = (one > other) - (one < other)
    return {"=": order == 0, "<>": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[sign]


def like(text: str, pattern: str) -> bool:
    """LIKE with `!` as the sign that takes the next one as it is."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(like(text[start:], pattern[1:]) for start in range(len(text) + 1))
    literal, rest = (pattern[1], pattern[2:]) if pattern[0] == "!" else (pattern[0], pattern[1:])
    if not text or (pattern[0] != "_" and text[0] != literal):
        return False
    return like(text[1:], rest)


@dataclass(frozen=True)
class Case:
    """Some rules and some rows: the rules judge the rows whose `case_id` is the case's number."""

    number: int
    rules: tuple[Rule, ...]
    rows: tuple[Mapping[str, Any], ...]

    @staticmethod
    def failed(rule: Rule, rows: Sequence[Mapping[str, Any]]) -> int:
        """How many of these rows break a rule: everything but TRUE does."""
        return sum(rule.predicate.of(row) is not True for row in rows)

    def kept(self, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """The rows that no drop rule refuses."""
        drops = [rule.predicate for rule in self.rules if rule.severity == DROP]
        return [row["row_id"] for row in rows if all(drop.of(row) is True for drop in drops)]


def random_case(rng: random.Random, number: int, *, ansi: bool) -> Case:
    """One to three rules of any severity over four to eight rows; a fail rule is one that no row breaks."""
    rows = tuple(
        {
            "case_id": number,
            "row_id": number * 100 + at,
            "a": rng.choice(NUMBERS),
            "b": rng.choice(NUMBERS),
            "s": rng.choice(TEXTS),
        }
        for at in range(rng.randint(4, 8))
    )
    predicates, rules = Predicates(rng, ansi=ansi), []
    for at in range(rng.choice((1, 1, 2, 3))):
        while True:
            predicate = predicates.predicate()
            try:
                holds = all([predicate.of(row) is True for row in rows])
            except Raised:
                continue
            break
        severities = (WARN, DROP, FAIL) if holds else (WARN, DROP)
        rules.append(Rule(f"case_{number}_{at}", rng.choice(severities), predicate))
    return Case(number, tuple(rules), rows)
