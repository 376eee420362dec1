"""Imports run down only: from a room to those below it, and inside a room never in a circle.

`TYPE_CHECKING` and imports inside of functions count too. The root `__init__`, which exports the public names, alone is
exempt.
"""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"
PACKAGE = "lakeflow_local"

# From the roof down to the ground. A room may import from those below it, and from itself.
FLOORS = (
    "cli.upkeep",
    "cli.commands",
    "cli",
    "testing",
    "check.formats",
    "check.engine",
    "check.rules",
    "check.rules.validate",
    "check.rules.references",
    "check.rules.leftovers",
    "check.rules.files",
    "check.rules.secrets",
    "check.rules.control_flow",
    "check.rules.side_effects",
    "check.rules.schedules",
    "check.rules.targets",
    "check.rules.pipelines",
    "check.rules.ignores",
    "check.semantics",
    "check.programs",
    "check.facts",
    "check",
    "check.datasets",
    "check.evaluation",
    "workspace",
    "daemon.server",
    "api",
    "api.jobs",
    "api.page",
    "api.sql",
    "api.pipelines",
    "api.compute",
    "api.boards",
    "api.volumes",
    "api.catalog",
    "api.secrets",
    "api.files",
    "api.access",
    "api.http",
    "api.state",
    "daemon",
    "schedule",
    "report",
    "jobs",
    "jobs.simulate",
    "jobs.tasks",
    "jobs.process",
    "jobs.store",
    "jobs.machine",
    "jobs.model",
    "pipelines",
    "pipelines.refresh",
    "pipelines.cdc",
    "pipelines.writing",
    "pipelines.query",
    "pipelines.store",
    "pipelines.declare",
    "pipelines.sql",
    "pipelines.files",
    "pipelines.model",
    "bundle",
    "bundle.steps",
    "bundle.resources",
    "bundle.values",
    "bundle.shapes",
    "bundle.tree",
    "dbutils",
    "notebooks",
    "spark",
    "spark.jvm",
    "platform_paths",
    "settings",
    "state_folder",
    "database",
    "errors",
)
MOST_MODULES = 16  # of a room; past that, a second idea lives there


def modules(source):
    """Every module under the package: name without the package -> its file."""
    found = {}
    for path in sorted((source / PACKAGE).rglob("*.py")):
        name = ".".join(path.relative_to(source / PACKAGE).with_suffix("").parts)
        found[name.removesuffix("__init__").removesuffix(".")] = path
    return found


def imports(path, known):
    """The modules of the package that a file imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            parents = [node.module] * len(names)
        elif isinstance(node, ast.Import):
            names = parents = [alias.name for alias in node.names]
        else:
            continue
        for name, parent in zip(names, parents, strict=True):
            if (parent or "").split(".")[0] == PACKAGE:
                local = name.removeprefix(PACKAGE).removeprefix(".")
                found.add(local if local in known else parent.removeprefix(PACKAGE).removeprefix("."))
    return found


def room_of(module, paths):
    """The room that a module is in: its folder, or for one without a folder its own name."""
    if paths[module].name == "__init__.py":
        return module
    return module.rpartition(".")[0] or module


def upward(edges, rooms):
    """The imports that run from a lower to a higher floor."""
    height = {room: -index for index, room in enumerate(FLOORS)}
    return {
        f"{module} -> {target}"
        for module, targets in edges.items()
        for target in targets
        if height[rooms[module]] < height[rooms[target]]
    }


def circles(edges):
    """Every circle, as the sorted names of the modules that reach each other."""
    reached = {}
    for start in edges:
        seen, waiting = set(), list(edges[start])
        while waiting:
            module = waiting.pop()
            if module not in seen:
                seen.add(module)
                waiting.extend(edges.get(module, ()))
        reached[start] = seen
    found = {frozenset(b for b in reached[a] if a in reached[b]) for a in edges if a in reached[a]}
    return {" <-> ".join(sorted(circle)) for circle in found}


@pytest.fixture(scope="module")
def house():
    """The modules with their imports, and the room of each; without the root."""
    paths = modules(SOURCE)
    edges = {name: imports(path, paths) for name, path in paths.items() if name}
    return edges, {name: room_of(name, paths) for name in paths}


def test_every_module_is_in_a_room_that_has_a_floor(house):
    edges, rooms = house
    assert edges
    assert {module: rooms[module] for module in edges if rooms[module] not in FLOORS} == {}
    assert set(FLOORS) <= set(rooms.values())


def test_every_room_is_small_and_says_what_it_is_for_and_who_may_import_from_it():
    paths = modules(SOURCE)
    rooms = {name: path for name, path in paths.items() if path.name == "__init__.py"}
    for name, path in rooms.items():
        lines = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()
        assert len([line for line in lines if line]) >= 2, f"{path} says too little"
        assert len(list(path.parent.glob("*.py"))) <= MOST_MODULES, f"{name} has too many modules"


def test_imports_run_down_only(house):
    edges, rooms = house
    # Importing the public names of the root is importing everything.
    assert [module for module, targets in edges.items() if "" in targets] == []
    assert upward(edges, rooms) == set()
    assert circles(edges) == set()


def test_an_import_that_runs_up_and_a_circle_are_seen(tmp_path):
    for name, text in {
        "errors.py": "",
        "spark/session.py": "def start():\n    from lakeflow_local.cli import main\n",
        "cli/main.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import lakeflow_local.cli.run\n",
        "cli/run.py": "from lakeflow_local.cli import main\nfrom lakeflow_local import errors\n",
    }.items():
        path = tmp_path / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    paths = modules(tmp_path)
    edges = {name: imports(path, paths) for name, path in paths.items()}
    assert edges["cli.run"] == {"cli.main", "errors"}
    assert upward(edges, {name: room_of(name, paths) for name in paths}) == {"spark.session -> cli.main"}
    assert circles(edges) == {"cli.main <-> cli.run"}
