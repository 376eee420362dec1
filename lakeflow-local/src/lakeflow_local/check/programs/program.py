"""The Python code of a bundle: which file a task runs, and what that imports of the bundle.

Nothing is imported or run. A file that is no Python, or cannot be read, is passed over: other rules speak of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakeflow_local.check.facts.code import code_of, entry_of
from lakeflow_local.check.programs.syntax import Module
from lakeflow_local.check.sources import Sources
from lakeflow_local.check.target import CheckedTarget, Task


@dataclass(frozen=True)
class Entry:
    """Where a task's code begins: a file, and the function that is called in it (None: the file itself runs)."""

    module: Module
    function: str | None = None


_last: list[BundleCode] = []  # of the check that is under way: every target and rule asks for it


@dataclass
class BundleCode:
    """The Python files below a folder.

    Attributes:
        search_path: The folders in which an import is looked for.
        sources: Reads each file once.
        memo: What was worked out about an entry, for the other targets and rules that ask.
    """

    search_path: list[Path]
    sources: Sources
    memo: dict[tuple[object, ...], Any] = field(default_factory=dict)
    _modules: dict[Path, Module | None] = field(default_factory=dict)
    _names: dict[tuple[str, Path | None], Module | None] = field(default_factory=dict)
    _imports: dict[Path, list[Module]] = field(default_factory=dict)

    @classmethod
    def of(cls, target: CheckedTarget) -> BundleCode:
        """The code of a bundle; all targets share it."""
        if not _last or _last[0].sources is not target.sources:
            folders = [target.root, target.root / "src", target.bundle.sync_root]
            folders += [root for project in target.projects for root in project.roots]
            _last[:] = [cls(list(dict.fromkeys(folders)), target.sources)]
        return _last[0]

    def module(self, file: Path) -> Module | None:
        """The syntax of a file; None if it is not there or is no Python."""
        if file not in self._modules:
            source = self.sources.read(file)
            tree = source.python if source is not None else None
            self._modules[file] = Module(file, tree, file.suffix != ".ipynb") if tree is not None else None
        return self._modules[file]

    def entries(self, target: CheckedTarget, task: Task) -> list[Entry]:
        """Where the code of a task begins; none for a task without Python of this bundle."""
        wheel = entry_of(target, task) if task.value.get("python_wheel_task") is not None else None
        if wheel is not None:
            found = self.module(wheel.source.path)
            return [Entry(found, wheel.name)] if found is not None else []
        modules = [self.module(source.path) for source in code_of(target, task)]
        return [Entry(one) for one in modules if one is not None]

    def find(self, name: str, beside: Path | None = None) -> Module | None:
        """A module of the bundle by its dotted name.

        Args:
            beside: The folder of the file that imports it.
        """
        if beside is not None and (found := self._in((beside,), name)) is not None:
            return found
        return self._in(self.search_path, name)

    def _in(self, folders: Sequence[Path], name: str) -> Module | None:
        key = (name, folders[0] if len(folders) == 1 else None)
        if key not in self._names:
            relative = name.replace(".", "/")
            files = (Path(f"{folder}/{relative}{end}") for folder in folders for end in (".py", "/__init__.py"))
            self._names[key] = next((self.module(file) for file in files if file.is_file()), None)
        return self._names[key]

    def program(self, start: Module) -> list[Module]:
        """A file, and every module of the bundle that it imports, directly or not; the file comes first."""
        found: dict[Path, Module] = {start.file: start}
        waiting = [start]
        while waiting:
            module = waiting.pop()
            if module.file not in self._imports:
                self._imports[module.file] = list(self._imported(module))
            for other in self._imports[module.file]:
                if other.file not in found:
                    found[other.file] = other
                    waiting.append(other)
        return list(found.values())

    def _imported(self, module: Module) -> Iterator[Module]:
        beside = module.file.parent
        for node in module.nodes:
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    folder = beside
                    for _ in range(node.level - 1):
                        folder = folder.parent
                    yield from self._relative(folder, base, [alias.name for alias in node.names])
                    continue
                names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
            for name in names:
                if name and (found := self.find(name, beside)) is not None:
                    yield found

    def _relative(self, folder: Path, base: str, names: list[str]) -> Iterator[Module]:
        place = folder / Path(*base.split(".")) if base else folder
        for file in (place.with_suffix(".py"), place / "__init__.py", *(place / f"{name}.py" for name in names)):
            if file.is_file() and (found := self.module(file)) is not None:
                yield found
