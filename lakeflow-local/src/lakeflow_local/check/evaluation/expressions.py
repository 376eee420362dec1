"""Reads expressions: constants, texts, lists, maps, operators and comprehensions, within a budget."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from lakeflow_local.check.evaluation.modules import Module
from lakeflow_local.check.evaluation.values import BUILTINS, Doubled, Function, Unknown, binary, compare, shown, small

STEPS, DEPTH = 50_000, 60


class Expressions:
    """The budget of one value; each method reads the kind of node that it is named after."""

    def __init__(self) -> None:
        self.steps = self.depth = 0

    def value(self, node: ast.AST, module: Module, local: dict[str, Any]) -> Any:
        self.steps += 1
        self.depth += 1
        try:
            if self.steps > STEPS or self.depth > DEPTH:
                raise Unknown
            reader = getattr(self, f"_{type(node).__name__.lower()}", None)
            if reader is None:
                raise Unknown
            return reader(node, module, local)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, ZeroDivisionError, OverflowError):
            raise Unknown from None  # the code would fail here, or does what this small part of Python does not
        finally:
            self.depth -= 1

    def turns(self, generators: list[ast.comprehension], module: Module, local: dict[str, Any]) -> list[dict[str, Any]]:
        """The local names for each turn."""
        try:
            return small(list(self._comprehension(generators, module, local)))
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            raise Unknown from None

    def _constant(self, node: ast.Constant, module: Module, local: dict[str, Any]) -> Any:
        return node.value

    def _joinedstr(self, node: ast.JoinedStr, module: Module, local: dict[str, Any]) -> str:
        return small("".join(self.value(part, module, local) for part in node.values))

    def _formattedvalue(self, node: ast.FormattedValue, module: Module, local: dict[str, Any]) -> str:
        if node.format_spec is not None:
            raise Unknown
        value = self.value(node.value, module, local)
        return BUILTINS["repr"](value) if node.conversion == ord("r") else shown(value)

    def _items(self, nodes: list[ast.expr], module: Module, local: dict[str, Any]) -> Iterator[Any]:
        for node in nodes:
            if isinstance(node, ast.Starred):
                yield from self.value(node.value, module, local)
            else:
                yield self.value(node, module, local)

    def _list(self, node: ast.List, module: Module, local: dict[str, Any]) -> list[Any]:
        return small(list(self._items(node.elts, module, local)))

    def _tuple(self, node: ast.Tuple, module: Module, local: dict[str, Any]) -> tuple[Any, ...]:
        return small(tuple(self._items(node.elts, module, local)))

    def _set(self, node: ast.Set, module: Module, local: dict[str, Any]) -> tuple[Any, ...]:
        return small(tuple(dict.fromkeys(self._items(node.elts, module, local))))

    def _dict(self, node: ast.Dict, module: Module, local: dict[str, Any]) -> dict[Any, Any]:
        if None not in node.keys:
            pairs = zip(node.keys, node.values, strict=True)
            return small(
                Doubled((self.value(key, module, local), self.value(one, module, local)) for key, one in pairs)
            )
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                found.update(self.value(value, module, local))  # what is spread is meant to be overridden
            else:
                found[self.value(key, module, local)] = self.value(value, module, local)
        return small(found)

    def _binop(self, node: ast.BinOp, module: Module, local: dict[str, Any]) -> Any:
        return binary(node.op, self.value(node.left, module, local), self.value(node.right, module, local))

    def _unaryop(self, node: ast.UnaryOp, module: Module, local: dict[str, Any]) -> Any:
        value = self.value(node.operand, module, local)
        if isinstance(node.op, ast.Not):
            return not value
        if isinstance(node.op, ast.USub):
            return -value
        raise Unknown

    def _boolop(self, node: ast.BoolOp, module: Module, local: dict[str, Any]) -> Any:
        stops = isinstance(node.op, ast.Or)
        value: Any = None
        for part in node.values:
            value = self.value(part, module, local)
            if bool(value) == stops:
                break
        return value

    def _compare(self, node: ast.Compare, module: Module, local: dict[str, Any]) -> bool:
        left = self.value(node.left, module, local)
        for kind, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.value(right_node, module, local)
            if not compare(kind, left, right):
                return False
            left = right
        return True

    def _ifexp(self, node: ast.IfExp, module: Module, local: dict[str, Any]) -> Any:
        chosen = node.body if self.value(node.test, module, local) else node.orelse
        return self.value(chosen, module, local)

    def _comprehension(self, generators: list[ast.comprehension], module: Module, local: dict[str, Any]) -> Iterator:
        if not generators:
            yield local
            return
        first, rest = generators[0], generators[1:]
        for item in self.value(first.iter, module, local):
            inner = {**local, **unpacked(first.target, item)}
            if all(self.value(test, module, inner) for test in first.ifs):
                yield from self._comprehension(rest, module, inner)

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp, module: Module, local: dict[str, Any]) -> list[Any]:
        scopes = self._comprehension(node.generators, module, local)
        return small([self.value(node.elt, module, scope) for scope in scopes])

    _generatorexp = _listcomp

    def _setcomp(self, node: ast.SetComp, module: Module, local: dict[str, Any]) -> tuple[Any, ...]:
        scopes = self._comprehension(node.generators, module, local)
        return small(tuple(dict.fromkeys(self.value(node.elt, module, scope) for scope in scopes)))

    def _dictcomp(self, node: ast.DictComp, module: Module, local: dict[str, Any]) -> dict[Any, Any]:
        scopes = self._comprehension(node.generators, module, local)
        return small(
            Doubled((self.value(node.key, module, one), self.value(node.value, module, one)) for one in scopes)
        )

    def _lambda(self, node: ast.Lambda, module: Module, local: dict[str, Any]) -> Function:
        return Function(node, module)


def unpacked(target: ast.expr, value: Any) -> dict[str, Any]:
    """The names that an assignment binds.

    Raises:
        Unknown: if the value does not have the form of the target.
    """
    if isinstance(target, ast.Name):
        return {target.id: value}
    if isinstance(target, ast.Tuple) and len(target.elts) == len(value):
        found: dict[str, Any] = {}
        for one, item in zip(target.elts, value, strict=True):
            found |= unpacked(one, item)
        return found
    raise Unknown
