"""What objects of the API look like: the fields and types that the SDK's dataclasses name.

They are read from the SDK's source, not imported: its package imports all of its 30 services, which takes seconds.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakeflow_local.api.http.errors import ApiError

_PLAIN = {"str": (str,), "int": (int, str), "float": (float, int), "bool": (bool,)}
_MOST = 2**63 - 1
_PARSING = threading.Lock()
Unknown = list[str]


@dataclass(frozen=True)
class Shape:
    """A class of the SDK.

    Attributes:
        fields: name -> type, as an expression of Python's grammar.
        required: the fields that the SDK does not call optional.
        values: of an enumeration; None for a dataclass.
    """

    module: str
    name: str
    fields: Mapping[str, ast.expr]
    required: frozenset[str]
    values: frozenset[str] | None


def fit(shape: str, value: Any, *, unknown: Unknown | None = None) -> dict[str, Any]:
    """What of an object a workspace would keep: the known fields, checked; others are dropped, as the platform does.

    Args:
        shape: `jobs.JobSettings`.
        value: as it came.
        unknown: gets the names of dropped fields.

    Raises:
        ApiError: a field has another type than it should have, or a required one is missing.
    """
    module, _, name = shape.partition(".")
    found = _fit(shape_of(module, name), value, name, [] if unknown is None else unknown)
    assert isinstance(found, dict)
    return found


@functools.cache
def shape_of(module: str, name: str) -> Shape:
    """A class of `databricks.sdk.service`; or a method, `SchemasAPI.create`, whose arguments are those of its request.

    Raises:
        LookupError: there is none of that name.
    """
    owner, _, method = name.partition(".")
    found = _classes(module).get(owner)
    if found is not None and method:
        return _request(module, name, found, method)
    if found is None:
        raise LookupError(f"databricks.sdk.service.{module} has no {name}")
    if any(isinstance(base, ast.Name) and base.id == "Enum" for base in found.bases):
        values = [step.value.value for step in found.body if isinstance(step, ast.Assign) and _is_text(step.value)]  # type: ignore[attr-defined]
        return Shape(module, name, {}, frozenset(), frozenset(values))
    fields = {
        step.target.id: step.annotation
        for step in found.body
        if isinstance(step, ast.AnnAssign) and isinstance(step.target, ast.Name)
    }
    required = frozenset(field for field, kind in fields.items() if not _is(kind, "Optional"))
    return Shape(module, name, fields, required, None)


def _request(module: str, name: str, owner: ast.ClassDef, method: str) -> Shape:
    """The arguments of a method; those without a default are required."""
    for step in owner.body:
        if isinstance(step, ast.FunctionDef) and step.name == method:
            plain = step.args.args[1:]
            named = zip(step.args.kwonlyargs, step.args.kw_defaults, strict=True)
            without = {argument.arg for argument in plain[: len(plain) - len(step.args.defaults)]}
            without |= {argument.arg for argument, default in named if default is None}
            every = [*plain, *step.args.kwonlyargs]
            fields = {argument.arg: argument.annotation for argument in every if argument.annotation is not None}
            return Shape(module, name, fields, frozenset(without), None)
    raise LookupError(f"databricks.sdk.service.{module} has no {name}")


@functools.cache
def _classes(module: str) -> dict[str, ast.ClassDef]:
    package = importlib.util.find_spec("databricks")
    for folder in (package.submodule_search_locations if package is not None else None) or ():
        path = Path(folder, "sdk", "service", f"{module}.py")
        if path.is_file():
            tree = _parsed(path.read_text(encoding="utf-8"), "exec")
            return {step.name: step for step in tree.body if isinstance(step, ast.ClassDef)}
    raise LookupError(f"databricks-sdk has no service {module}, or is not installed")


def _parsed(text: str, mode: str) -> Any:
    """A syntax tree. One thread at a time: Python 3.11 counts the depth of two parses in one counter, and fails."""
    with _PARSING:
        return ast.parse(text, mode=mode)


def _fit(shape: Shape, value: Any, where: str, unknown: Unknown) -> Any:
    if shape.values is not None:
        if not isinstance(value, str) or value not in shape.values:
            raise _wrong(where, f"one of {', '.join(sorted(shape.values))}")
        return value
    if not isinstance(value, Mapping):
        raise _wrong(where, "an object")
    unknown += [f"{where}.{name}" for name in value if name not in shape.fields]
    for name in sorted(shape.required):
        if value.get(name) is None:
            raise ApiError("INVALID_PARAMETER_VALUE", f"Missing required field: {where}.{name}")
    return {
        name: _typed(shape.module, kind, value[name], f"{where}.{name}", unknown)
        for name, kind in shape.fields.items()
        if value.get(name) is not None
    }


def _typed(module: str, kind: ast.expr, value: Any, where: str, unknown: Unknown) -> Any:
    if isinstance(kind, ast.Constant) and isinstance(kind.value, str):
        kind = _parsed(kind.value, "eval").body
    if isinstance(kind, ast.Subscript):
        inner = kind.slice
        if _is(kind, "Optional"):
            return _typed(module, inner, value, where, unknown)
        if _is(kind, "List"):
            if not isinstance(value, list):
                raise _wrong(where, "a list")
            return [_typed(module, inner, item, f"{where}[{index}]", unknown) for index, item in enumerate(value)]
        if _is(kind, "Dict") and isinstance(inner, ast.Tuple):
            if not isinstance(value, Mapping):
                raise _wrong(where, "an object")
            kind = inner.elts[1]
            return {name: _typed(module, kind, item, f"{where}.{name}", unknown) for name, item in value.items()}
        return value
    if isinstance(kind, ast.Attribute) and isinstance(kind.value, ast.Name):
        return _fit(shape_of(kind.value.id, kind.attr), value, where, unknown)
    if isinstance(kind, ast.Name) and kind.id in _PLAIN:
        return _plain(kind.id, value, where)
    if isinstance(kind, ast.Name) and kind.id in _classes(module):
        return _fit(shape_of(module, kind.id), value, where, unknown)
    return value  # Any, and the types of protobuf, which are texts in JSON


def _plain(kind: str, value: Any, where: str) -> Any:
    if isinstance(value, bool) != (kind == "bool") or not isinstance(value, _PLAIN[kind]):
        raise _wrong(
            where, {"str": "a string", "int": "an integer", "float": "a number", "bool": "true or false"}[kind]
        )
    if kind == "int":
        if isinstance(value, str) and (not value.lstrip("-").isdigit() or len(value) > 20):
            raise _wrong(where, "an integer")
        value = int(value)
        if abs(value) > _MOST:
            raise _wrong(where, "an integer of 64 bits")
    return value


def _wrong(where: str, wanted: str) -> ApiError:
    return ApiError("MALFORMED_REQUEST", f"Could not parse request object: {where} must be {wanted}")


def _is(kind: ast.expr, name: str) -> bool:
    return isinstance(kind, ast.Subscript) and isinstance(kind.value, ast.Name) and kind.value.id == name


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
