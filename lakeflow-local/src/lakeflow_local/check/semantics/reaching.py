"""Which functions of a program can be reached from where a task begins.

By name alone: a function is reached if something that is reached mentions its name. So more is taken for reached than
is, and never less, except through `getattr` and the like.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakeflow_local.check.semantics.sources import Entry, Module, Sources

Function = ast.FunctionDef | ast.AsyncFunctionDef
_IMPLICIT = {"__init__", "__post_init__", "__enter__", "__exit__", "__call__", "__new__"}


@dataclass(frozen=True)
class Scope:
    """A body of code: a function, or what a module (or class) does when it is imported."""

    module: Module
    body: Sequence[ast.stmt]
    name: str | None


def reached(sources: Sources, entry: Entry) -> list[Scope]:
    """Every body of code that runs when a task runs, or may."""
    modules = sources.program(entry.module)
    functions: dict[str, list[Scope]] = {}
    classes: dict[str, list[Scope]] = {}
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, Function):
                functions.setdefault(node.name, []).append(Scope(module, node.body, node.name))
            elif isinstance(node, ast.ClassDef):
                inner = [Scope(module, one.body, one.name) for one in node.body if isinstance(one, Function)]
                classes.setdefault(node.name, []).extend(one for one in inner if one.name in _IMPLICIT)
    waiting = [Scope(module, module.tree.body, None) for module in modules]
    if entry.function is not None:
        waiting += functions.get(entry.function, [])
    found: dict[int, Scope] = {}
    known: set[str] = set()
    while waiting:
        scope = waiting.pop()
        if id(scope.body) in found:
            continue
        found[id(scope.body)] = scope
        for name in names_in(scope, skip_main=scope.module is not entry.module or entry.function is not None):
            if name not in known:
                known.add(name)
                waiting += functions.get(name, []) + classes.get(name, [])
    return list(found.values())


def nodes_of(scope: Scope, *, skip_main: bool = False) -> Iterator[ast.AST]:
    """Every node of a body, but not of the functions defined in it (their decorators and defaults count).

    Args:
        skip_main: Leave out `if __name__ == "__main__":`, which an import does not run.
    """
    waiting: list[ast.AST] = list(scope.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function):
            waiting += [*node.decorator_list, *node.args.defaults, *(one for one in node.args.kw_defaults if one)]
            continue
        if isinstance(node, ast.If) and skip_main and _is_main_check(node.test):
            waiting += node.orelse
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def names_in(scope: Scope, *, skip_main: bool = False) -> Iterator[str]:
    """The names that a body mentions; an import alone mentions nothing."""
    for node in nodes_of(scope, skip_main=skip_main):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def dotted(node: ast.AST) -> str:
    """`a.b.c` for names and attributes, also through calls (`a.b().c`); "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else node.attr
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def _is_main_check(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))
