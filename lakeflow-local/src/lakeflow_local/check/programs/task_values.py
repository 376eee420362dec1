"""The task values that a task's code sets, where all of their texts can be read from the syntax.

A boolean arrives as `true` or `false`, a number as JSON writes it (documentation: task values, if/else task).
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakeflow_local.check.programs.program import BundleCode, Entry
from lakeflow_local.check.programs.syntax import Function, Module, dotted

_BOOLEAN_CALLS = ("bool", "isinstance", "any", "all", "hasattr", "callable")
_OPEN = ast.Constant(value=...)  # stands for a value that cannot be told


@dataclass(frozen=True)
class _Setter:
    """A function of the program that sets a task value from two of its parameters."""

    name: str
    key: int
    value: int
    parameters: Sequence[str]


def texts_set(code: BundleCode, entry: Entry, key: str) -> list[str] | None:
    """All texts that a task value can have.

    Returns:
        None where they cannot be told: a value that is computed, a key that is no plain text, a value that is never
        set in code that can be read.
    """
    question = ("task value", entry, key)
    if question not in code.memo:
        code.memo[question] = _read(code.program(entry.module), key)
    texts: list[str] | None = code.memo[question]
    return texts


def _read(modules: Sequence[Module], key: str) -> list[str] | None:
    setters = [setter for module in modules if "taskValues" in module.words for setter in _setters(module)]
    words = {"taskValues", *(setter.name for setter in setters)}
    found: list[str] = []
    for module in (one for one in modules if words & one.words):
        for node, name, value in _settings(module, setters):
            if name is None:
                return None
            if name != key:
                continue
            texts = _texts(value, _names_of(module, node))
            if texts is None:
                return None
            found += texts
    return list(dict.fromkeys(found)) or None


def _is_set(call: ast.Call) -> bool:
    return dotted(call.func).endswith("taskValues.set")


def _setters(module: Module) -> Iterator[_Setter]:
    for node in module.nodes:
        if not isinstance(node, Function):
            continue
        parameters = [argument.arg for argument in node.args.args]
        for call in _forwarded(node):
            key, value = _argument(call, 0, "key"), _argument(call, 1, "value")
            assert isinstance(key, ast.Name) and isinstance(value, ast.Name)  # what _forwarded looks for
            yield _Setter(node.name, parameters.index(key.id), parameters.index(value.id), parameters)


def _settings(module: Module, setters: Sequence[_Setter]) -> Iterator[tuple[ast.Call, str | None, ast.expr | None]]:
    """Each place that sets a task value: the call, the key (None: computed), the value."""
    inside = {id(call) for node in module.nodes if isinstance(node, Function) for call in _forwarded(node)}
    for call in module.nodes:
        if not isinstance(call, ast.Call) or id(call) in inside:
            continue
        last = dotted(call.func).rpartition(".")[2]
        setter = next((one for one in setters if one.name == last), None)
        if _is_set(call):
            key, value = _argument(call, 0, "key"), _argument(call, 1, "value")
        elif setter is not None:
            key = _argument(call, setter.key, setter.parameters[setter.key])
            value = _argument(call, setter.value, setter.parameters[setter.value])
        else:
            continue
        yield call, key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None, value


def _forwarded(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.Call]:
    """The calls in a setter that only hand its own parameters on."""
    parameters = {argument.arg for argument in function.args.args}
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and _is_set(call):
            key, value = _argument(call, 0, "key"), _argument(call, 1, "value")
            if isinstance(key, ast.Name) and isinstance(value, ast.Name) and {key.id, value.id} <= parameters:
                yield call


def _argument(call: ast.Call, index: int, name: str) -> ast.expr | None:
    named = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    return named if named is not None else call.args[index] if index < len(call.args) else None


def _names_of(module: Module, call: ast.Call) -> dict[str, list[ast.expr]]:
    """Variable -> everything that is assigned to it in the function (or file) that holds a call."""
    functions = [node for node in module.nodes if isinstance(node, Function)]
    around = [node for node in functions if any(one is call for one in ast.walk(node))]
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(around[-1] if around else module.tree):
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            for name in ast.walk(target):
                if isinstance(name, ast.Name):
                    simple = isinstance(target, ast.Name) and isinstance(node, ast.Assign)
                    found.setdefault(name.id, []).append(node.value if simple else _OPEN)
        if isinstance(node, (ast.For, ast.AugAssign, ast.NamedExpr, ast.AnnAssign)):
            for name in ast.walk(node.target):
                if isinstance(name, ast.Name):
                    found.setdefault(name.id, []).append(_OPEN)
    return found


def _texts(value: ast.expr | None, names: dict[str, list[ast.expr]], depth: int = 3) -> list[str] | None:
    """All texts of an expression, None where that is open."""
    match value:
        case ast.Constant(value=str() as text):
            return [text]
        case ast.Constant(value=bool() | int() | float() as plain):
            return [json.dumps(plain)]
        case ast.IfExp(body=one, orelse=other):
            return _joined([_texts(one, names, depth), _texts(other, names, depth)])
        case ast.Name(id=name) if name in names and depth:
            return _joined([_texts(one, names, depth - 1) for one in names[name]])
        case ast.Call(func=ast.Name(id="str"), args=[inner]) if _is_boolean(inner, names, depth):
            return ["True", "False"]
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="str"), args=[inner]), attr="lower")) if (
            _is_boolean(inner, names, depth)
        ):
            return ["true", "false"]
    return ["true", "false"] if _is_boolean(value, names, depth) else None


def _is_boolean(value: ast.expr | None, names: dict[str, list[ast.expr]], depth: int) -> bool:
    match value:
        case ast.Constant(value=bool()) | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Compare(left=left, comparators=others):
            # A comparison of columns is a column, not a boolean.
            return not any(isinstance(node, ast.Call) and dotted(node.func).endswith("col") for node in (left, *others))
        case ast.BoolOp(values=values):
            return all(_is_boolean(one, names, depth) for one in values)
        case ast.Call(func=ast.Name(id=name)):
            return name in _BOOLEAN_CALLS
        case ast.Name(id=name) if name in names and depth:
            return all(_is_boolean(one, names, depth - 1) for one in names[name])
    return False


def _joined(parts: Sequence[list[str] | None]) -> list[str] | None:
    found: list[str] = []
    for part in parts:
        if part is None:
            return None
        found += part
    return found
