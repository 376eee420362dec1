"""The kinds of value that Python code can have when it is read and not run, and what may be asked of them.

Nothing of the code's own is ever called: only methods of texts, numbers, lists and maps, whose results are kept small.
"""

from __future__ import annotations

import ast
import operator
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MOST_TEXT, MOST_ITEMS = 100_000, 10_000


class Unknown(Exception):
    """The value cannot be known without running the code."""


@dataclass(frozen=True, eq=False)
class Function:
    """A function of the code, with the module whose names it sees."""

    node: ast.FunctionDef | ast.Lambda
    module: Any


@dataclass(frozen=True, eq=False)
class Class:
    """A class of the code."""

    node: ast.ClassDef
    module: Any

    @property
    def is_enum(self) -> bool:
        """Whether its members are constants."""
        return any(name_of(base).endswith("Enum") for base in self.node.bases)

    @property
    def is_record(self) -> bool:
        """Whether its instances are their fields: a dataclass without more, or a NamedTuple."""
        decorated = [name_of(one.func if isinstance(one, ast.Call) else one) for one in self.node.decorator_list]
        own = {statement.name for statement in self.node.body if isinstance(statement, ast.FunctionDef)}
        return not own & {"__init__", "__new__", "__post_init__"} and (
            any(name.endswith("dataclass") for name in decorated)
            or any(name_of(base).endswith("NamedTuple") for base in self.node.bases)
        )


@dataclass(frozen=True)
class Member:
    """A member of an enumeration."""

    enum: str
    name: str
    value: Any


@dataclass(frozen=True, eq=False)
class Record:
    """An instance of a record class."""

    of: Class
    fields: Mapping[str, Any]


class Doubled(dict[Any, Any]):
    """A map in whose making some keys were given twice: only the last value of each is left."""

    def __init__(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        super().__init__()
        self.doubled: list[Any] = []
        for key, value in pairs:
            if key in self:
                self.doubled.append(key)
            self[key] = value


def name_of(node: ast.AST) -> str:
    """A dotted name as written; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := name_of(node.value)):
        return f"{before}.{node.attr}"
    return ""


def small(value: Any) -> Any:
    """The value, if it is small enough to go on with.

    Raises:
        Unknown: if not.
    """
    if isinstance(value, str) and len(value) > MOST_TEXT:
        raise Unknown
    if isinstance(value, list | tuple | dict | set) and len(value) > MOST_ITEMS:
        raise Unknown
    if isinstance(value, int) and abs(value) > 10**18:
        raise Unknown
    return value


_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Sub: operator.sub,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: lambda a, b: a is b or (isinstance(a, Member) and a == b),
    ast.IsNot: lambda a, b: not (a is b or (isinstance(a, Member) and a == b)),
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
_NUMBERS = (int, float)


def binary(kind: ast.operator, left: Any, right: Any) -> Any:
    """`left kind right` of plain values.

    Raises:
        Unknown: for other values, or what would grow.
    """
    if isinstance(kind, ast.Add) and (type(left) is type(right) or (_numeric(left) and _numeric(right))):
        return small(left + right)
    if isinstance(kind, ast.BitOr) and isinstance(left, dict) and isinstance(right, dict):
        return small(left | right)
    if _numeric(left) and _numeric(right):
        if isinstance(kind, ast.Mult):
            return small(left * right)
        if type(kind) in _BINARY:
            return small(_BINARY[type(kind)](left, right))
    raise Unknown


def compare(kind: ast.cmpop, left: Any, right: Any) -> bool:
    """`left kind right`."""
    return bool(_COMPARE[type(kind)](left, right))


def _numeric(value: Any) -> bool:
    return isinstance(value, _NUMBERS)


def _format(text: str, *args: Any, **named: Any) -> str:
    for _, name, spec, conversion in string.Formatter().parse(text):
        if spec or conversion or (name and not name.isidentifier() and not name.isdigit()):
            raise Unknown
    return text.format(*(shown(one) for one in args), **{key: shown(one) for key, one in named.items()})


def _replace(text: str, old: str, new: str) -> str:
    if text.count(old) * len(new) + len(text) > MOST_TEXT:
        raise Unknown
    return text.replace(old, new)


def _join(glue: str, parts: Any) -> str:
    texts = list(parts)
    if sum(map(len, texts)) + len(glue) * len(texts) > MOST_TEXT:
        raise Unknown
    return glue.join(texts)


_TEXT: dict[str, Callable[..., Any]] = {
    "format": _format,
    "replace": _replace,
    "join": _join,
    "upper": str.upper,
    "lower": str.lower,
    "strip": str.strip,
    "lstrip": str.lstrip,
    "rstrip": str.rstrip,
    "split": str.split,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "removeprefix": str.removeprefix,
    "removesuffix": str.removesuffix,
    "title": str.title,
    "capitalize": str.capitalize,
}
_MAP: dict[str, Callable[..., Any]] = {
    "items": lambda value: list(value.items()),
    "keys": lambda value: list(value),
    "values": lambda value: list(value.values()),
    "get": lambda value, key, default=None: value.get(key, default),
    "copy": dict,
}
BUILTINS: dict[str, Callable[..., Any]] = {
    "dict": lambda *args, **named: dict(*args, **named),
    "list": list,
    "tuple": tuple,
    "set": lambda items=(): tuple(dict.fromkeys(items)),
    "frozenset": lambda items=(): tuple(dict.fromkeys(items)),
    "str": lambda value="": shown(value),
    "int": lambda value=0: int(value) if len(str(value)) < 20 else _give_up(),
    "bool": bool,
    "len": len,
    "repr": lambda value: repr(plain(value)),
    "sorted": lambda items: sorted(items),
    "reversed": lambda items: list(items)[::-1],
    "enumerate": lambda items, start=0: list(enumerate(items, start)),
    "zip": lambda *items: list(zip(*items, strict=False)),
    "range": lambda *limits: list(range(*limits)) if max(map(abs, limits)) < MOST_ITEMS else _give_up(),
}


def _give_up() -> Any:
    raise Unknown


def plain(value: Any) -> Any:
    """The value, if Python shows it in the same way.

    Raises:
        Unknown: for what the code itself defines.
    """
    if isinstance(value, Function | Class | Member | Record):
        raise Unknown
    if isinstance(value, list | tuple):
        return type(value)(plain(one) for one in value)
    if isinstance(value, dict):
        return {plain(key): plain(one) for key, one in value.items()}
    return value


def shown(value: Any) -> str:
    """What `str` makes of a plain value."""
    return str(plain(value))


def method(value: Any, name: str) -> Callable[..., Any]:
    """A method of a text or a map that has no effect.

    Raises:
        Unknown: if there is none.
    """
    known = _TEXT if isinstance(value, str) else _MAP if isinstance(value, dict) else {}
    if name not in known:
        raise Unknown
    found = known[name]
    return lambda *args, **named: small(found(value, *args, **named))
