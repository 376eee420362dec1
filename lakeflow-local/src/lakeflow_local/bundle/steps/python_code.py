"""Resources that Python code defines or changes: the `python` section, run by the `databricks-bundles` package.

The package's build entry is what the CLI calls as well: the configuration goes in as JSON and comes back with the
resources that the code added (phase `load_resources`) or changed (phase `apply_mutators`).
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.nodes import Location, Node, from_plain, walk
from lakeflow_local.errors import BundleError

LOAD, MUTATE = "load_resources", "apply_mutators"
_FUNCTIONS = {LOAD: "resources", MUTATE: "mutators"}


def run_python(draft: Draft, phase: str) -> bool:
    """Run the functions of one phase over the configuration.

    Returns:
        Whether there were any.

    Raises:
        BundleError: for code that fails, with its file and line; for a resource that YAML defines as well; or where the
            package is not installed.
    """
    section = draft.config.get("python")
    if section is None or section.is_null:
        section = draft.config.get("experimental", "python")
    elif section.value and phase == LOAD:
        draft.config.set(("experimental", "python"), section.copy())  # its older place, where the CLI shows it as well
    functions = section.get(_FUNCTIONS[phase]) if section is not None else None
    if section is None or functions is None or not functions.value or not draft.runs_python:
        return False
    result, places = _build(draft, phase, functions, _interpreter(draft, section, functions))
    for kind, resources in result.get("resources", {}).items():
        for key, resource in resources.items():
            path = ("resources", kind, key)
            known = draft.config.get(*path)
            if known is not None and known.plain() == resource:
                continue
            place = places.get(".".join(path))
            if known is not None and phase == LOAD:
                there = known.key or known.location
                also = f" and in {there.file.name}:{there.line}" if there else ""
                raise BundleError(
                    f"{kind}.{key} is defined here{also}: give one of them another key",
                    place and place.file,
                    place and place.line,
                )
            draft.config.set(path, _placed(resource, place or functions.location))
    return True


def _placed(resource: Any, place: Location | None) -> Node:
    """The resource, each part with the place of its function; paths in it belong to the bundle's root."""
    node = from_plain(resource)
    for _, part in walk(node):
        part.key = place
    return node


def _interpreter(draft: Draft, section: Node, functions: Node) -> str:
    """The bundle's own Python where it has one, else the one that runs this, if the package is there."""
    venv = section.get("venv_path")
    if venv is not None and venv.text():
        own = draft.root / venv.value / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if own.exists():
            return str(own)
    if importlib.util.find_spec("databricks") and importlib.util.find_spec("databricks.bundles"):
        return sys.executable
    raise error("resources in Python need the package databricks-bundles: pip install databricks-bundles", functions)


def _build(draft: Draft, phase: str, functions: Node, python: str) -> tuple[dict[str, Any], dict[str, Location]]:
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"{name}.json" for name in ("input", "output", "diagnostics", "locations")}
        files["input"].write_text(json.dumps(draft.config.plain()), encoding="utf-8")
        arguments = [text for name, file in files.items() for text in (f"--{name}", str(file))]
        done = subprocess.run(
            [python, "-m", "databricks.bundles.build", "--phase", phase, *arguments],
            cwd=draft.root,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        for found in _lines(files["diagnostics"]):
            _tell(draft, found, functions)
        if done.returncode != 0 or not files["output"].exists():
            last = (done.stderr.strip().splitlines() or ["it wrote nothing"])[-1]
            raise error(f"the Python code of this bundle failed: {last}", functions)
        result = json.loads(files["output"].read_text(encoding="utf-8"))
        places = {
            found["path"]: Location(draft.root / found["file"], found["line"], found["column"])
            for found in _lines(files["locations"])
        }
    return result, places


def _lines(file: Path) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def _tell(draft: Draft, found: dict[str, Any], functions: Node) -> None:
    """Raise the first error that the code reports; keep its warnings."""
    detail = (found.get("detail") or "").strip().splitlines()
    message = ": ".join([found["summary"], *detail[-1:]])  # of a traceback, what it ends with
    place = found.get("location") or {}
    if found.get("severity") != "error":
        draft.diagnostics.warn(message, functions)
    elif place.get("file"):
        raise BundleError(message, draft.root / place["file"], place.get("line"))
    else:
        raise error(message, functions)
