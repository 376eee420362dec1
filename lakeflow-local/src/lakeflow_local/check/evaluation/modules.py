"""Python files as their names: what each is bound to, also through imports of the bundle's own files."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

_API = ("dlt.", "pyspark.pipelines.", "databricks.declarative_pipelines.")
_REACHES_OUT = re.compile(
    r"\b(spark|SparkSession|DeltaTable|dlt|pipelines|requests|httpx|smtplib|subprocess|open|dbutils|shutil|os|write_text)\b"
)
_LARGEST = 1_000_000  # bytes of a file that is read


@dataclass(eq=False)
class Module:
    """One parsed file.

    Attributes:
        bound: name -> the statements at the top level that bind it; one that is bound twice has no certain value.
        imported: name -> (module, name in it); the second is None where the module itself is meant.
        stars: modules of which all names are imported.
        values: of its names, as far as they were worked out.
    """

    path: Path
    tree: ast.Module
    project: Project
    bound: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imported: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._bind(self.tree.body)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    self.imported[name] = (alias.name if alias.asname else name, None)
            elif isinstance(node, ast.ImportFrom):
                source = "." * node.level + (node.module or "")
                for alias in node.names:
                    if alias.name == "*":
                        self.stars.append(source)
                    else:
                        self.imported[alias.asname or alias.name] = (source, alias.name)

    def _bind(self, statements: Iterable[ast.stmt], *, certain: bool = True) -> None:
        for statement in statements:
            names: list[str] = []
            if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                names = [statement.name]
            elif isinstance(statement, ast.Assign):
                names = [
                    one.id for target in statement.targets for one in ast.walk(target) if isinstance(one, ast.Name)
                ]
            elif isinstance(statement, ast.AnnAssign | ast.AugAssign) and isinstance(statement.target, ast.Name):
                names = [statement.target.id]
            elif isinstance(statement, ast.For | ast.While | ast.If | ast.With | ast.Try):
                for body in ("body", "orelse", "finalbody"):
                    self._bind(getattr(statement, body, ()), certain=False)
                for handler in getattr(statement, "handlers", ()):
                    self._bind(handler.body, certain=False)
                continue
            for name in names:
                # What is bound under a condition is bound twice: it may also be something else.
                self.bound.setdefault(name, []).extend([statement] if certain else [statement, statement])

    @cached_property
    def names_api(self) -> bool:
        """Whether it imports the pipelines module, so that it may declare datasets."""
        sources = [*self.stars, *(".".join([source, name or ""]) for source, name in self.imported.values())]
        return any(f"{source}.".startswith(_API) for source in sources)

    @cached_property
    def reaches_out(self) -> bool:
        """Whether its code names anything by which a function could read or change what it was not given."""
        return bool(_REACHES_OUT.search(ast.unparse(self.tree)))

    def dotted(self, node: ast.AST) -> str:
        """A name with what its first part was imported from: `requests.post`, `pyspark.pipelines.table`."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        source, name = self.imported.get(node.id, (node.id, None))
        return ".".join([source, *([name] if name else []), *reversed(parts)])


class Project:
    """The Python files of a bundle, by the names under which its code imports them.

    Args:
        folders: from which modules are imported, in order.
        configuration: what `spark.conf.get` gives.
        sources: gives files that were parsed already, as `read(path).python`.
    """

    def __init__(
        self, folders: Iterable[Path], configuration: Mapping[str, str] | None = None, sources: Any = None
    ) -> None:
        self.folders = list(dict.fromkeys(folders))
        self.configuration = configuration or {}
        self._sources = sources
        self._read: dict[Path, Module | None] = {}
        self._found: dict[tuple[str, Path], Module | None] = {}

    def read(self, path: Path, source: str | None = None) -> Module | None:
        """A file's module; None for one that is not there, too large, or no Python."""
        if path not in self._read:
            shared = self._sources.read(path) if self._sources is not None and source is None else None
            try:
                if shared is not None:
                    if shared.python is None:
                        raise ValueError
                    self._read[path] = Module(path, shared.python, self)
                    return self._read[path]
                if source is None:
                    if not path.is_file() or path.stat().st_size > _LARGEST:
                        raise ValueError
                    source = path.read_text(encoding="utf-8")
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of escapes in a stranger's strings
                    self._read[path] = Module(path, ast.parse(source), self)
            except (ValueError, SyntaxError, OSError, RecursionError, MemoryError):
                self._read[path] = None
        return self._read[path]

    def find(self, name: str, near: Path) -> Module | None:
        """The module of a name, as the code of a file would import it; None if it is not one of the bundle's."""
        known = name, near.parent
        if known not in self._found:
            self._found[known] = self._find(name, near)
        return self._found[known]

    def _find(self, name: str, near: Path) -> Module | None:
        level = len(name) - len(name.lstrip("."))
        if level:
            folder = near.parent
            for _ in range(level - 1):
                folder = folder.parent
            folders = [folder]
        else:
            folders = [near.parent, *self.folders]
        parts = [part for part in name.split(".") if part]
        for folder in folders:
            base = folder.joinpath(*parts)
            for candidate in (base.with_suffix(".py") if parts else base / "__init__.py", base / "__init__.py"):
                if candidate.is_file():
                    return self.read(candidate)
        return None
