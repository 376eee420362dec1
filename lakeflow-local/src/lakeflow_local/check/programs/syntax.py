"""The syntax of one Python file, looked through once: its nodes, its functions, what its names stand for."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
# Called without being named, once an object is made.
_IMPLICIT = {"__init__", "__post_init__", "__enter__", "__exit__", "__call__", "__new__"}


@dataclass(frozen=True, eq=False)
class Scope:
    """A body of code: a function, or what a module does when it is imported (then `name` is None)."""

    module: Module
    body: Sequence[ast.stmt]
    name: str | None = None

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the body, but not of the functions in it (their decorators and defaults count)."""
        return list(_without_functions(self.body))

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that the body mentions; an import alone mentions nothing."""
        loads = {node.id for node in self.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        return frozenset(loads | {node.attr for node in self.nodes if isinstance(node, ast.Attribute)})


@dataclass(frozen=True, eq=False)
class Module:
    """One file of Python.

    Attributes:
        file: On this machine.
        tree: Its syntax; line numbers are those of the file, but for a `.ipynb`.
        has_lines: Whether its line numbers are those of the file.
    """

    file: Path
    tree: ast.Module
    has_lines: bool = True

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the file."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def words(self) -> frozenset[str]:
        """Every name and attribute that stands in the file."""
        names = {node.id for node in self.nodes if isinstance(node, ast.Name)}
        return frozenset(names | {node.attr for node in self.nodes if isinstance(node, ast.Attribute)})

    @cached_property
    def main(self) -> Scope:
        """What an import of the file runs, and what follows `if __name__ == "__main__":`."""
        return Scope(self, self.tree.body)

    @cached_property
    def on_import(self) -> Scope:
        """What an import of the file runs."""
        body = [one for one in self.tree.body if not (isinstance(one, ast.If) and _is_main_check(one.test))]
        return Scope(self, body)

    @cached_property
    def scopes(self) -> dict[str, list[Scope]]:
        """Function, method or class -> the bodies that run when the name is used."""
        found: dict[str, list[Scope]] = {}
        for node in self.nodes:
            if isinstance(node, Function):
                found.setdefault(node.name, []).append(Scope(self, node.body, node.name))
            elif isinstance(node, ast.ClassDef):
                inner = [one for one in node.body if isinstance(one, Function) and one.name in _IMPLICIT]
                found.setdefault(node.name, []).extend(Scope(self, one.body, one.name) for one in inner)
        return found

    @cached_property
    def imported(self) -> dict[str, str]:
        """Name -> what it was imported as: `requests`, `requests.post`, `smtplib.SMTP`."""
        found: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.split(".")[0]
                    found[alias.asname or first] = alias.name if alias.asname else first
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return found

    @cached_property
    def made(self) -> dict[str, ast.Call]:
        """Variable or attribute (its last name) -> the call that made it: `self._client = Client()` gives _client."""
        found: dict[str, ast.Call] = {}
        for node in self.nodes:
            pairs: list[tuple[ast.expr, ast.expr]] = []
            if isinstance(node, ast.Assign):
                pairs = [(target, node.value) for target in node.targets]
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                pairs = [(node.target, node.value)]
            elif isinstance(node, (ast.With, ast.AsyncWith)):
                pairs = [(one.optional_vars, one.context_expr) for one in node.items if one.optional_vars is not None]
            for target, value in pairs:
                name = dotted(target).rpartition(".")[2]
                if name and isinstance(value, ast.Call):
                    found[name] = value
        return found

    @cached_property
    def texts(self) -> dict[str, list[str]]:
        """Variable or attribute (its last name) -> the texts that are assigned to it in this file."""
        found: dict[str, list[str]] = {}
        for node in self.nodes:
            targets = node.targets if isinstance(node, ast.Assign) else []
            text = _text(node.value) if isinstance(node, ast.Assign) else None
            for target in targets if text is not None else ():
                found.setdefault(dotted(target).rpartition(".")[2], []).append(text or "")
        return found

    def full_name(self, node: ast.AST) -> str:
        """The dotted name of what is called, with its first part as it was imported; "" if that was not."""
        first, _, rest = dotted(node).partition(".")
        base = self.imported.get(first)
        return "" if base is None else f"{base}.{rest}" if rest else base


def dotted(node: ast.AST) -> str:
    """`a.b.c` for names and attributes, also through calls (`a.b().c`); "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else node.attr
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def first_text(call: ast.Call) -> str:
    """The first argument of a call, if it is a text."""
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _text(value: ast.expr) -> str | None:
    """A text; one with gaps as `{name}/path`, where the gap is a name."""
    if isinstance(value, ast.JoinedStr):
        parts = [part.value for part in value.values if isinstance(part, (ast.Constant, ast.FormattedValue))]
        return "".join(
            str(part) if isinstance(part, str) else f"{{{dotted(part).rpartition('.')[2]}}}"
            for part in parts
            if isinstance(part, (str, ast.AST))
        )
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _without_functions(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function):
            waiting += [*node.decorator_list, *node.args.defaults, *(one for one in node.args.kw_defaults if one)]
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def _is_main_check(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))
