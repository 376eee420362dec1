"""What can be said of the SQL condition of an expectation by reading it.

Only what is certain: a condition with syntax that sqlglot may not know, a function that nobody here knows, or a lambda
has no answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, wraps
from typing import Any

# Signs of syntax that not every parser knows: paths into JSON, lambdas, parameters, hints.
_UNUSUAL = re.compile(r"[:{}?@$&\[\]]|->|/\*|\bINTERVAL\b|\bCOLLATE\b|\bLATERAL\b", re.IGNORECASE)
_TEXTS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`", re.DOTALL)
# What sqlglot takes, or leaves undecided, and Spark does not.
_SLIPS = {
    r"['\"`]": "a quote is not closed",
    r"&&": "&& is no operator: it is AND",
    r"\bIN\s*\(\s*\)": "IN has no values",
    r";\s*$": "a condition does not end with a semicolon",
}
_MISPLACED = {
    "Add": "a number",
    "Sub": "a number",
    "Mul": "a number",
    "Div": "a number",
    "Mod": "a number",
}


_NO_VALUES = ("", "null", "none", "nan", "n/a", "na", "unknown", "undefined", "-")


class _NotKnown(Exception):
    """Nothing certain can be said."""


def _careful(default: Any) -> Callable[[Callable[[str], Any]], Callable[[str], Any]]:
    """Let a question about a condition that is nested too deeply to be looked at have this answer."""

    def decorate(question: Callable[[str], Any]) -> Callable[[str], Any]:
        @lru_cache(maxsize=4096)
        @wraps(question)
        def ask(text: str) -> Any:
            try:
                return question(text)
            except RecursionError:
                return default

        return ask

    return decorate


@lru_cache(maxsize=4096)
def parsed(text: str) -> Any:
    """The condition as a tree of sqlglot; None if sqlglot does not parse it."""
    from sqlglot import parse_one
    from sqlglot.errors import SqlglotError

    try:
        return parse_one(text, dialect="databricks")
    except (SqlglotError, RecursionError):
        return None


@_careful(None)
def problem(text: str) -> str | None:
    """Why a condition cannot be evaluated, if that is certain."""
    if not text.strip():
        return "it is empty"
    tree, plain = parsed(text), _TEXTS.sub("_", text)
    if "--" not in plain and "/*" not in plain:
        for sign, told in _SLIPS.items():
            if re.search(sign, plain, re.IGNORECASE):
                return f"it is no SQL condition: {told}"
    if tree is None:
        return None if _UNUSUAL.search(plain) else f"it is no SQL condition: {_where_it_breaks(text)}"
    from sqlglot import exp

    for node in tree.find_all(exp.Is):
        if isinstance(node.expression, exp.Column):
            return f"IS is followed by {node.expression.name}, not by NULL, TRUE or FALSE"
    if isinstance(tree, exp.Literal):
        return f"it is {'a text' if tree.is_string else 'a number'} and no condition"
    if (kind := type(tree).__name__) in _MISPLACED:
        return f"it is {_MISPLACED[kind]} and no condition"
    if (found := tree.find(exp.AggFunc)) is not None and tree.find(exp.Window, exp.Lambda, exp.Subquery) is None:
        return f"{found.sql_name()} aggregates rows, and an expectation sees one row"
    if tree.find(exp.Select) is not None:
        return "it holds a subquery, which expectations do not support"
    return None


def _where_it_breaks(text: str) -> str:
    if text.count("(") != text.count(")") and "'" not in text:
        return "its parentheses do not match"
    from sqlglot import parse_one
    from sqlglot.errors import ParseError, SqlglotError

    try:
        parse_one(text, dialect="databricks")
    except ParseError as error:
        about = error.errors[0] if error.errors else {}
        near = str(about.get("highlight") or "").strip()
        return f"it breaks near '{near}'" if near else "it ends too early"
    except SqlglotError:
        pass
    return "it does not parse"


@_careful(None)
def never_true(text: str) -> str | None:
    """Why a condition is NULL for every row, if it is."""
    tree = parsed(text)
    if tree is None:
        return None
    from sqlglot import exp

    for part in _conjuncts(tree):
        inner = part.this if isinstance(part, exp.Not) else part
        if isinstance(inner, exp.Paren):
            inner = inner.this
        if isinstance(inner, exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE):
            sides = (inner.this, inner.expression)
            if any(isinstance(side, exp.Null) for side in sides):
                return f"`{part.sql('databricks')}` compares with NULL, which is NULL for every row"
        if isinstance(part, exp.Not) and isinstance(inner, exp.In) and inner.find(exp.Null) in inner.expressions:
            return f"`{part.sql('databricks')}` has NULL in its list, so that it is never true"
    return None


@_careful(None)
def nullable_by(text: str) -> frozenset[str] | None:
    """The columns of which a NULL makes the condition NULL, in lower case; None if that is not known."""
    tree = parsed(text)
    if tree is None:
        return None
    try:
        return _nulls(tree)
    except _NotKnown:
        return None


@_careful(False)
def is_all_negative(text: str) -> bool:
    """Whether a condition only says what a value is not: `status <> 'x'`, `NOT (a OR b)`, `c NOT IN (…)`."""
    tree = parsed(text)
    if tree is None:
        return False
    from sqlglot import exp

    def negative(node: Any) -> bool:
        node = node.unnest()
        if isinstance(node, exp.And | exp.Or):
            return negative(node.this) and negative(node.expression)
        if isinstance(node, exp.NEQ):
            return _is_value(node.expression)
        if isinstance(node, exp.Not):
            inner = node.this.unnest()
            if isinstance(inner, exp.In):
                return bool(inner.expressions) and all(_is_value(one) for one in inner.expressions)
            return isinstance(inner, exp.Like | exp.RegexpLike | exp.EQ) and _is_value(inner.expression)
        return False

    return negative(tree)


def _is_value(node: Any) -> bool:
    """Whether a literal is a value like others, and not one that stands for no value."""
    from sqlglot import exp

    return isinstance(node, exp.Literal) and node.is_string and node.name.strip().lower() not in _NO_VALUES


@_careful(None)
def columns(text: str) -> frozenset[str] | None:
    """The columns that a condition names without a dot before them; None if that is not certain.

    What stands before a dot may be a column of fields, or a table of the query, which the platform accepts.
    """
    tree = parsed(text)
    if tree is None:
        return None
    from sqlglot import exp

    if tree.find(exp.Lambda, exp.Select, exp.Anonymous, exp.Star) is not None or ":" in text:
        return None
    return frozenset(column.name for column in tree.find_all(exp.Column) if len(column.parts) == 1)


def _conjuncts(node: Any) -> Iterator[Any]:
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, exp.And):
        yield from _conjuncts(node.this)
        yield from _conjuncts(node.expression)
    else:
        yield node


def _disjuncts(node: Any) -> Iterator[Any]:
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, exp.Or):
        yield from _disjuncts(node.this)
        yield from _disjuncts(node.expression)
    else:
        yield node


def _tested(node: Any, *, for_null: bool) -> str | None:
    """The column of `c IS NULL`, or of `c IS NOT NULL`."""
    from sqlglot import exp

    node = node.unnest()
    if not for_null:
        if isinstance(node, exp.Anonymous) and node.name.lower() == "isnotnull" and len(node.expressions) == 1:
            return _column(node.expressions[0])
        if not isinstance(node, exp.Not):
            return None
        node = node.this.unnest()
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return _column(node.this)
    if for_null and isinstance(node, exp.Anonymous) and node.name.lower() == "isnull" and len(node.expressions) == 1:
        return _column(node.expressions[0])
    return None


def _column(node: Any) -> str | None:
    from sqlglot import exp

    return ".".join(part.name for part in node.parts).lower() if isinstance(node, exp.Column) else None


def _nulls(node: Any) -> frozenset[str]:
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, exp.And | exp.Or):
        for_null = isinstance(node, exp.Or)
        parts = list(_disjuncts(node) if for_null else _conjuncts(node))
        guarded = {_tested(part, for_null=for_null) for part in parts}
        return frozenset().union(*(_nulls(part) for part in parts)) - guarded
    if isinstance(node, exp.Literal | exp.Boolean | exp.CurrentDate | exp.CurrentTimestamp | exp.DataType | exp.Var):
        return frozenset()
    if isinstance(node, exp.Null):
        return frozenset({"null"})
    if isinstance(node, exp.Column):
        return frozenset({_column(node) or ""})
    if isinstance(node, exp.Is | exp.NullSafeEQ | exp.NullSafeNEQ):
        return frozenset()
    if isinstance(node, exp.Coalesce):
        options = [node.this, *node.expressions]
        last = _nulls(options[-1])
        return frozenset() if not last else frozenset().union(*(_nulls(one) for one in options))
    if isinstance(node, exp.Case):
        return _of_case(node)
    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        if name in ("isnotnull", "isnull", "isnan"):
            return frozenset()
        if name in ("nvl", "ifnull") and len(node.expressions) == 2:
            return frozenset() if not _nulls(node.expressions[1]) else frozenset().union(*map(_nulls, node.expressions))
        raise _NotKnown
    if isinstance(node, exp.If) or node.find(exp.Lambda, exp.Select, exp.Window) is not None:
        raise _NotKnown
    parts = [one for one in node.iter_expressions() if not isinstance(one, exp.DataType)]
    return frozenset().union(*(_nulls(one) for one in parts))


def _of_case(node: Any) -> frozenset[str]:
    default = node.args.get("default")
    results = [one.args["true"] for one in node.args["ifs"]] + ([default] if default is not None else [])
    found = frozenset().union(*(_nulls(one) for one in results))
    return found if default is not None else found | {"CASE without ELSE"}


@_careful(False)
def is_null_test(text: str) -> bool:
    """Whether a condition only tests columns for NULL."""
    tree = parsed(text)
    return tree is not None and all(
        _tested(part, for_null=True) or _tested(part, for_null=False) for part in _conjuncts(tree)
    )


@_careful(False)
def is_half_guarded(text: str) -> bool:
    """Whether a part of a condition is made TRUE or FALSE where it is NULL: `coalesce(a > 0, false) OR b > 0`."""
    from sqlglot import exp

    tree = parsed(text)
    return tree is not None and any(
        isinstance(one.expressions[-1], exp.Boolean) for one in tree.find_all(exp.Coalesce) if one.expressions
    )
