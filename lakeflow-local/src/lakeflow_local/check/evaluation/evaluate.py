"""Works out the value of an expression by reading it: constants, texts, lists, maps, records, the code's own functions.

It is an interpreter of a small, pure part of Python with a budget, and not Python: nothing is imported or called.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from lakeflow_local.check.evaluation.expressions import DEPTH, STEPS, Expressions, unpacked
from lakeflow_local.check.evaluation.modules import Module
from lakeflow_local.check.evaluation.values import (
    BUILTINS,
    Class,
    Function,
    Member,
    Record,
    Unknown,
    method,
    name_of,
    small,
)

_MISSING = object()


def value_of(node: ast.AST | None, module: Module, local: Mapping[str, Any] | None = None) -> Any:
    """The value of an expression.

    Raises:
        Unknown: if it cannot be known.
    """
    if node is None:
        raise Unknown
    return _Reading().value(node, module, dict(local or {}))


def text_of(node: ast.AST | None, module: Module, local: Mapping[str, Any] | None = None) -> str | None:
    """The value of an expression, if it is known and a text."""
    try:
        value = value_of(node, module, local)
    except Unknown:
        return None
    return value if isinstance(value, str) else None


def comprehension_values(
    generators: list[ast.comprehension], module: Module, local: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The local names for each turn of a comprehension or loop.

    Raises:
        Unknown: if what it goes over is not known.
    """
    return _Reading().turns(generators, module, dict(local))


class _Reading(Expressions):
    """The names, calls, classes and functions of the code itself."""

    def _name(self, node: ast.Name, module: Module, local: dict[str, Any]) -> Any:
        return local[node.id] if node.id in local else self._global(node.id, module)

    def _global(self, name: str, module: Module) -> Any:
        if name not in module.values:
            try:
                module.values[name] = self._looked_up(name, module)
            except Unknown:
                if self.steps <= STEPS and self.depth < DEPTH // 2:  # not for want of budget
                    module.values[name] = _MISSING
                raise
        if module.values[name] is _MISSING:
            raise Unknown
        return module.values[name]

    def _looked_up(self, name: str, module: Module) -> Any:
        bound = module.bound.get(name)
        if bound is not None:
            if len(bound) != 1:
                raise Unknown
            return self._bound(bound[0], name, module)
        source, inside = module.imported.get(name, (None, None))
        sources = [source] if source is not None else module.stars
        for one in sources:
            found = module.project.find(one, module.path)
            if found is None:
                continue
            if source is not None and inside is None:
                return found
            try:
                return self._global(inside or name, found)
            except Unknown:
                whole = module.project.find(f"{one}.{inside}", module.path) if inside else None
                if whole is not None:
                    return whole
                if source is not None:
                    raise
        raise Unknown

    def _bound(self, statement: ast.stmt, name: str, module: Module) -> Any:
        if isinstance(statement, ast.FunctionDef):
            if statement.decorator_list:
                raise Unknown
            return Function(statement, module)
        if isinstance(statement, ast.ClassDef):
            return Class(statement, module)
        if isinstance(statement, ast.Assign) and all(isinstance(one, ast.Name) for one in statement.targets):
            return self.value(statement.value, module, {})
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            return self.value(statement.value, module, {})
        raise Unknown

    def _subscript(self, node: ast.Subscript, module: Module, local: dict[str, Any]) -> Any:
        value = self.value(node.value, module, local)
        if isinstance(value, Class):
            return self._member(value, self.value(node.slice, module, local))
        return value[self.value(node.slice, module, local)]

    def _attribute(self, node: ast.Attribute, module: Module, local: dict[str, Any]) -> Any:
        value = self.value(node.value, module, local)
        if isinstance(value, Module):
            return self._global(node.attr, value)
        if isinstance(value, Class):
            return self._member(value, node.attr)
        if isinstance(value, Member) and node.attr in ("name", "value"):
            return getattr(value, node.attr)
        if isinstance(value, Record):
            if node.attr in value.fields:
                return value.fields[node.attr]
            found = _function_in(value.of, node.attr)
            if any(name_of(one).endswith("property") for one in found.decorator_list):
                return self._run(Function(found, value.of.module), {found.args.args[0].arg: value})
        raise Unknown

    def _member(self, of: Class, name: str) -> Any:
        for statement in of.node.body:
            if isinstance(statement, ast.Assign) and any(name_of(one) == name for one in statement.targets):
                value = self.value(statement.value, of.module, {})
                return Member(of.node.name, name, value) if of.is_enum else value
        raise Unknown

    def _call(self, node: ast.Call, module: Module, local: dict[str, Any]) -> Any:
        if name_of(node.func).endswith("conf.get"):
            return self._setting(node, module, local)
        args = list(self._items(node.args, module, local))
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value, module, local)
            named.update({keyword.arg: value} if keyword.arg else value)
        if isinstance(node.func, ast.Attribute):
            try:
                function = self.value(node.func, module, local)
            except Unknown:
                value = self.value(node.func.value, module, local)
                if isinstance(value, Record):
                    found = _function_in(value.of, node.func.attr)
                    if found.decorator_list:
                        raise
                    return self._run_with(Function(found, value.of.module), [value, *args], named)
                return method(value, node.func.attr)(*args, **named)
        elif isinstance(node.func, ast.Name) and self._is_builtin(node.func.id, module, local):
            return small(BUILTINS[node.func.id](*args, **named))
        else:
            function = self.value(node.func, module, local)
        if isinstance(function, Class) and function.is_record:
            return self._record(function, args, named)
        if isinstance(function, Function):
            return self._run_with(function, args, named)
        raise Unknown

    @staticmethod
    def _is_builtin(name: str, module: Module, local: dict[str, Any]) -> bool:
        return name in BUILTINS and name not in local and name not in module.bound and name not in module.imported

    def _setting(self, node: ast.Call, module: Module, local: dict[str, Any]) -> Any:
        """`spark.conf.get(key)`: a value of the pipeline's configuration."""
        key = self.value(node.args[0], module, local)
        if key in module.project.configuration:
            return module.project.configuration[key]
        raise Unknown  # the default is not certain: a setting may come from elsewhere

    def _record(self, of: Class, args: list[Any], named: dict[str, Any]) -> Record:
        declared = [one for one in of.node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)]
        names = [name_of(one.target) for one in declared]
        fields = dict(zip(names, args, strict=False)) | named
        for one in declared:
            if name_of(one.target) not in fields and one.value is not None:
                fields[name_of(one.target)] = self.value(one.value, of.module, {})
        if set(fields) != set(names):
            raise Unknown
        return Record(of, fields)

    def _run_with(self, function: Function, args: list[Any], named: dict[str, Any]) -> Any:
        given = function.node.args
        if given.vararg or given.kwarg:
            raise Unknown
        names = [one.arg for one in (*given.posonlyargs, *given.args)]
        if len(args) > len(names):
            raise Unknown
        local = dict(zip(names, args, strict=False)) | named
        for name, default in zip(names[len(names) - len(given.defaults) :], given.defaults, strict=True):
            if name not in local:
                local[name] = self.value(default, function.module, {})
        for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
            if one.arg not in local and default is not None:
                local[one.arg] = self.value(default, function.module, {})
        return self._run(function, local)

    def _run(self, function: Function, local: dict[str, Any]) -> Any:
        if isinstance(function.node, ast.Lambda):
            return self.value(function.node.body, function.module, local)
        result = self._body(function.node.body, function.module, local)
        return None if result is _MISSING else result

    def _body(self, statements: list[ast.stmt], module: Module, local: dict[str, Any]) -> Any:
        """What the statements return; names that they bind are added to the local ones."""
        for statement in statements:
            if isinstance(statement, ast.Return):
                return self.value(statement.value, module, local) if statement.value is not None else None
            if isinstance(statement, ast.If):
                chosen = statement.body if self.value(statement.test, module, local) else statement.orelse
                result = self._body(chosen, module, local)
                if result is not _MISSING:
                    return result
            elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                local.update(unpacked(statement.targets[0], self.value(statement.value, module, local)))
            elif not (isinstance(statement, ast.Pass) or _is_docstring(statement)):
                raise Unknown
        return _MISSING


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _function_in(of: Class, name: str) -> ast.FunctionDef:
    for statement in of.node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            return statement
    raise Unknown
