"""The Python projects of a bundle: which entry points their wheels have, and where the code of each stands.

`pyproject.toml` (of PEP 621 and of Poetry), `setup.cfg` and `setup.py` are read; none is executed.
"""

from __future__ import annotations

import ast
import configparser
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lakeflow_local.check.sources import SourceFile, Sources

_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
_SKIPPED = {"node_modules", "build", "dist", "site-packages", "venv", "__pycache__"}
_DEEPEST = 3


@dataclass(frozen=True)
class Project:
    """A folder that a wheel is built from.

    Attributes:
        name: Of the distribution, normalised; "" where it cannot be read.
        file: The file that says so.
        entry_points: Name -> `module:function`, of every group.
        is_readable: Whether all entry points could be read: a `setup.py` may compute them.
    """

    folder: Path
    name: str
    file: Path
    entry_points: Mapping[str, str]
    is_readable: bool
    roots: tuple[Path, ...]

    def module(self, name: str, sources: Sources) -> SourceFile | None:
        """The file of a module of this project; None where it is not found."""
        inner = Path(*name.split("."))
        for root in self.roots:
            for path in (root / inner.with_suffix(".py"), root / inner / "__init__.py"):
                if path.is_file():
                    return sources.read(path)
        return None

    @cached_property
    def packages(self) -> frozenset[str]:
        """The names of its top-level packages and modules, as far as they can be seen."""
        found: set[str] = set()
        for root in self.roots:
            if root.is_dir():
                found |= {
                    path.stem for path in root.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
                }
        return frozenset(found)


def normalized(name: str) -> str:
    """The name of a distribution as installers compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def projects_below(root: Path) -> list[Project]:
    """The projects in a folder, at most three levels down; hidden and built folders are left out."""
    return [project for folder in _folders(root, 0) if (project := project_in(folder)) is not None]


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    yield folder
    if depth == _DEEPEST:
        return
    try:
        inner = sorted(entry.path for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return
    for path in inner:
        name = os.path.basename(path)
        if not name.startswith(".") and name not in _SKIPPED and not name.endswith(".egg-info"):
            yield from _folders(Path(path), depth + 1)


def project_in(folder: Path) -> Project | None:
    """The project of a folder, None where it has none."""
    there = [folder / name for name in _FILES if (folder / name).is_file()]
    if not there:
        return None
    name, points, readable, roots = "", {}, True, [folder / "src", folder]
    for path in there:
        reader = {"pyproject.toml": _pyproject, "setup.cfg": _setup_cfg, "setup.py": _setup_py}[path.name]
        try:
            found_name, found, complete, more = reader(path)
        except (OSError, ValueError, TypeError, AttributeError, RecursionError, configparser.Error, SyntaxError):
            readable = False
            continue
        name, points, readable = name or found_name, {**found, **points}, readable and complete
        roots += more
    return Project(folder, normalized(name), there[0], points, readable, tuple(dict.fromkeys(roots)))


_Read = tuple[str, dict[str, str], bool, list[Path]]


def _pyproject(path: Path) -> _Read:
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    project, poetry = content.get("project") or {}, (content.get("tool") or {}).get("poetry") or {}
    points: dict[str, str] = {}
    groups = [project.get("scripts"), project.get("gui-scripts"), poetry.get("scripts")]
    groups += [*(project.get("entry-points") or {}).values(), *(poetry.get("plugins") or {}).values()]
    for group in groups:
        points |= {key: text for key, value in (group or {}).items() if (text := _point(value))}
    dynamic = {"entry-points", "scripts"} & set(project.get("dynamic") or [])
    roots = [path.parent / one["from"] for one in poetry.get("packages") or [] if isinstance(one.get("from"), str)]
    tool = content.get("tool") or {}
    find = ((tool.get("setuptools") or {}).get("packages") or {}) if isinstance(tool.get("setuptools"), dict) else {}
    where = (find.get("find") or {}).get("where") if isinstance(find, dict) else None
    roots += [path.parent / one for one in where or [] if isinstance(one, str)]
    target = ((tool.get("hatch") or {}).get("build") or {}).get("targets") or {}
    for package in (target.get("wheel") or {}).get("packages") or []:
        roots.append((path.parent / package).parent)
    has_setup = (path.parent / "setup.py").is_file()
    return str(project.get("name") or poetry.get("name") or ""), points, not dynamic or has_setup, roots


def _point(value: Any) -> str:
    """What an entry point is written as: Poetry takes a map, too, with `reference`, which was once `callable`."""
    if isinstance(value, dict) and value.get("type", "console") == "console":
        value = value.get("reference") or value.get("callable")
    return value if isinstance(value, str) else ""


def _setup_cfg(path: Path) -> _Read:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(path.read_text(encoding="utf-8"))
    points: dict[str, str] = {}
    section = parser["options.entry_points"] if parser.has_section("options.entry_points") else {}
    for lines in section.values():
        points |= _lines(lines.split("\n"))
    return parser.get("metadata", "name", fallback=""), points, True, []


def _setup_py(path: Path) -> _Read:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "setup"
    ]
    if len(calls) != 1:
        return "", {}, False, []
    arguments: dict[str | None, ast.expr] = {keyword.arg: keyword.value for keyword in calls[0].keywords}
    name = _literal(arguments.get("name"))
    complete = None not in arguments
    points: dict[str, str] = {}
    if "entry_points" in arguments:
        groups = _literal(arguments["entry_points"])
        complete = complete and isinstance(groups, dict)
        for lines in groups.values() if isinstance(groups, dict) else ():
            points |= _lines([lines] if isinstance(lines, str) else lines)
    where = _literal(arguments.get("package_dir"))
    roots = [path.parent / one for one in where.values() if isinstance(one, str)] if isinstance(where, dict) else []
    return name if isinstance(name, str) else "", points, complete, roots


def _literal(node: ast.expr | None) -> Any:
    try:
        return ast.literal_eval(node) if node is not None else None
    except (ValueError, TypeError, RecursionError):
        return None


def _lines(lines: list[Any]) -> dict[str, str]:
    pairs = [line.split("=", 1) for line in lines if isinstance(line, str) and "=" in line]
    return {key.strip(): value.strip() for key, value in pairs}
