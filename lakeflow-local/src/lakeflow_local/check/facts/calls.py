"""The functions of a bundle that a task's code calls, followed from file to file without importing anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lakeflow_local.check.sources import SourceFile, Sources

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Scope:
    """A file, and the folders below which its imports are looked for."""

    source: SourceFile
    roots: tuple[Path, ...]
    sources: Sources = field(repr=False)

    @classmethod
    def of(cls, source: SourceFile, roots: tuple[Path, ...], sources: Sources) -> Scope:
        """The one scope of a file and its folders, so that its imports are looked up once."""
        key = (cls, source.path, roots)
        if key not in sources.memory:
            sources.memory[key] = cls(source, roots, sources)
        return sources.memory[key]

    @cached_property
    def functions(self) -> dict[str, _Function]:
        """The functions at the top of the file."""
        tree = self.source.python
        return {node.name: node for node in (tree.body if tree else ()) if isinstance(node, _Function)}

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        """The classes at the top of the file."""
        tree = self.source.python
        return {node.name: node for node in (tree.body if tree else ()) if isinstance(node, ast.ClassDef)}

    def class_of(self, name: str) -> ast.ClassDef | None:
        """A class by the name that it has here, of this file or of another one of the bundle."""
        if name in self.classes:
            return self.classes[name]
        module, original = self.imported.get(name, (None, None))
        return module.classes.get(original or "") if module is not None else None

    @cached_property
    def imported(self) -> dict[str, tuple[Scope, str | None]]:
        """Name -> the file of the bundle that it comes from, and its name there; None for the file itself."""
        found: dict[str, tuple[Scope, str | None]] = {}
        for node in ast.walk(self.source.python) if self.source.python is not None else ():
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    inner = self._module(f"{node.module or ''}.{alias.name}".strip("."), node.level)
                    outer = self._module(node.module or "", node.level)
                    if outer is not None and alias.name in outer.functions:
                        found[alias.asname or alias.name] = (outer, alias.name)
                    elif inner is not None:
                        found[alias.asname or alias.name] = (inner, None)
                    elif outer is not None:
                        found[alias.asname or alias.name] = (outer, alias.name)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    module = self._module(alias.name, 0)
                    if module is not None:
                        found[alias.asname or alias.name] = (module, None)
        return found

    @cached_property
    def foreign(self) -> set[str]:
        """The top-level names of what it imports and is not found in the bundle; "" for a relative import."""
        found: set[str] = set()
        for node in ast.walk(self.source.python) if self.source.python is not None else ():
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module or ''}.{alias.name}".strip(".") for alias in node.names)]
                if not any(self._module(name, node.level) for name in names):
                    found.add("" if node.level else names[0].partition(".")[0])
            elif isinstance(node, ast.Import):
                found |= {one.name.partition(".")[0] for one in node.names if self._module(one.name, 0) is None}
        return found

    def _module(self, name: str, level: int) -> Scope | None:
        roots = (self.source.path.parents[level - 1],) if level else self.roots
        inner = Path(*name.split(".")) if name else Path()
        for root in roots:
            for path in (
                root / inner.with_suffix(".py") if name else root / "__init__.py",
                root / inner / "__init__.py",
            ):
                source = self.sources.read(path) if path.is_file() else None
                if source is not None:
                    return Scope.of(source, self.roots, self.sources)
        return None


def reached(scope: Scope, start: _Function | None) -> Iterator[tuple[Scope, ast.AST]]:
    """The function, or without one the whole file, and every function of the bundle that is called from there."""
    waiting: list[tuple[Scope, ast.AST]] = []
    if start is not None:
        waiting.append((scope, start))
    elif scope.source.python is not None:
        waiting.append(
            (scope, ast.Module([node for node in scope.source.python.body if not isinstance(node, _Function)], []))
        )
    seen: set[tuple[Path, int]] = set()
    while waiting:
        here, node = waiting.pop()
        key = (here.source.path, getattr(node, "lineno", 0))
        if key in seen:
            continue
        seen.add(key)
        yield here, node
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and (found := called(here, call.func)) is not None:
                waiting.append(found)


def called(scope: Scope, function: ast.expr) -> tuple[Scope, _Function] | None:
    """The function of the bundle that a call means; None where it is not found."""
    if isinstance(function, ast.Name):
        if function.id in scope.functions:
            return scope, scope.functions[function.id]
        module, name = scope.imported.get(function.id, (None, None))
        return (module, module.functions[name]) if module is not None and name in module.functions else None
    if isinstance(function, ast.Attribute):
        module, name = scope.imported.get(ast.unparse(function.value), (None, ""))
        if module is not None and name is None and function.attr in module.functions:
            return module, module.functions[function.attr]
    return None


def files_below(scope: Scope) -> list[Scope]:
    """The file, and every file of the bundle that it imports, itself or through others."""
    found: dict[Path, Scope] = {}
    waiting = [scope]
    while waiting:
        here = waiting.pop()
        if here.source.path not in found:
            found[here.source.path] = here
            waiting += [module for module, _ in here.imported.values()]
    return list(found.values())
