"""The Python code of a bundle: which file a task runs, and what that imports of the bundle.

Nothing is imported or run. A file that is no Python, or cannot be read, is passed over: other rules speak of it.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lakeflow_local.check.code import code_of
from lakeflow_local.check.semantics.syntax import Module
from lakeflow_local.check.sources import Sources
from lakeflow_local.check.target import CheckedTarget, Task

_SETUP_SCRIPT = re.compile(r"""["']([\w.-]+)\s*=\s*([\w.]+):(\w+)["']""")


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
        root: The bundle's folder.
        sync_root: What a deployment puts under `workspace.file_path`.
        sources: Reads each file once.
    """

    root: Path
    sync_root: Path
    sources: Sources
    _modules: dict[Path, Module | None] = field(default_factory=dict)
    _names: dict[tuple[str, Path | None], Module | None] = field(default_factory=dict)
    _imports: dict[Path, list[Module]] = field(default_factory=dict)

    @classmethod
    def of(cls, target: CheckedTarget) -> BundleCode:
        """The code of a bundle; all targets share it."""
        if not _last or _last[0].sources is not target.sources:
            _last[:] = [cls(target.root, target.bundle.sync_root, target.sources)]
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
        if name := task.value.text("python_wheel_task", "entry_point"):
            module, _, function = self.scripts.get(name, "").partition(":")
            found = self.find(module) if module else None
            return [Entry(found, function or None)] if found is not None else []
        modules = [self.module(source.path) for source in code_of(target, task)]
        return [Entry(one) for one in modules if one is not None]

    @cached_property
    def projects(self) -> list[Path]:
        """The folders with a `pyproject.toml` or `setup.py`: the bundle's own, and those one and two levels below."""
        found = {
            file.parent
            for name in ("pyproject.toml", "setup.py")
            for pattern in (name, f"*/{name}", f"*/*/{name}")
            for file in sorted(self.root.glob(pattern))
            if not any(part.startswith(".") for part in file.relative_to(self.root).parts)
        }
        return sorted(found)

    @cached_property
    def scripts(self) -> dict[str, str]:
        """Entry point -> `module:function`, of all projects below the bundle."""
        found: dict[str, str] = {}
        for folder in self.projects:
            found |= _setup_scripts(folder / "setup.py") | _project_scripts(folder / "pyproject.toml")
        return found

    @cached_property
    def search_path(self) -> list[Path]:
        """The folders in which an import is looked for."""
        folders = [self.root, self.sync_root, *self.projects]
        return list(dict.fromkeys([one for folder in folders for one in (folder, folder / "src")]))

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


def _project_scripts(file: Path) -> dict[str, str]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}  # no project file, or one that its build will refuse
    project = content.get("project") or {}
    tables = [project.get("scripts"), *(project.get("entry-points") or {}).values()]
    poetry = (content.get("tool") or {}).get("poetry") or {}
    tables += [poetry.get("scripts"), *(poetry.get("plugins") or {}).values()]
    return {
        name: target
        for table in tables
        if isinstance(table, dict)
        for name, target in table.items()
        if isinstance(target, str)
    }


def _setup_scripts(file: Path) -> dict[str, str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}  # there is none, or it will not be run
    return {name: f"{module}:{function}" for name, module, function in _SETUP_SCRIPT.findall(text)}
