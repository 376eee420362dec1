"""Finds the files of a bundle and lays them over each other."""

from __future__ import annotations

from pathlib import Path

from lakeflow_local.bundle.shapes import sections
from lakeflow_local.bundle.shapes.normalizing import normalize
from lakeflow_local.bundle.shapes.resource_shapes import kinds, singular
from lakeflow_local.bundle.shapes.shorthands import expand_target_variables
from lakeflow_local.bundle.tree.diagnostics import Diagnostics, error
from lakeflow_local.bundle.tree.files import glob, has_glob
from lakeflow_local.bundle.tree.limits import Budget
from lakeflow_local.bundle.tree.merging import merge
from lakeflow_local.bundle.tree.nodes import Node, from_plain, matches
from lakeflow_local.bundle.tree.source import read
from lakeflow_local.errors import BundleError

ROOT_FILES = ("databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml")


def root_file(root: Path) -> Path:
    """The bundle's root file.

    Raises:
        BundleError: if there is none, or more than one.
    """
    found = [root / name for name in ROOT_FILES if (root / name).is_file()]
    if not found:
        raise BundleError(f"no {ROOT_FILES[0]} here: run the command in a bundle's root", root)
    if len(found) > 1:
        raise BundleError(f"several root files: {', '.join(path.name for path in found)}; keep one", root)
    return found[0]


def load_files(root: Path, diagnostics: Diagnostics) -> Node:
    """The root file with all its includes laid over it, in order; `include` then lists the files.

    Raises:
        BundleError: for a file that is no YAML, a section of a wrong type, an include that is not there.
    """
    entry, budget = root_file(root), Budget()
    config = _load(entry, diagnostics, budget)
    _check_root_path(root)
    files: list[str] = []
    ignored: list[Node] = []
    seen = set(ROOT_FILES)
    include = config.get("include")
    for pattern in include.value if include is not None and include.is_list else []:
        for relative in _included(root, pattern, diagnostics):
            if relative in seen:
                continue
            seen.add(relative)
            files.append(relative)
            part = _load(root / relative, diagnostics, budget)
            _check_one_resource(part, relative, diagnostics)
            if part.get("include") is not None:
                diagnostics.warn(
                    "include works in the root file only; it is ignored here", part.get("include"), ("include",)
                )
                ignored.extend(part.get("include").value)
                part.drop("include")
            config = merge(config, part)
    if include is not None:
        include.value = [*from_plain(files).value, *ignored]
        config.value["include"] = include
        if not include.value:
            config.drop("include")
    return config


def _load(path: Path, diagnostics: Diagnostics, budget: Budget) -> Node:
    tree = read(path, diagnostics, budget)
    if tree.is_null:
        return Node({}, tree.locations)
    if not tree.is_map:
        raise error("a bundle file is a map of sections (bundle, include, resources, targets, …)", tree)
    expand_target_variables(tree)
    fitted = normalize(tree, sections.root(), diagnostics)
    assert fitted is not None  # a map always fits the root record
    return fitted


def _included(root: Path, pattern: Node, diagnostics: Diagnostics) -> list[str]:
    text = str(pattern.value)
    if text.startswith("/"):
        raise error(f"{text}: includes must be relative paths", pattern)
    found = glob(root, text)
    if not found and not has_glob(text):
        raise error(f"{text} in include does not exist", pattern)
    names = []
    for path in found:
        relative = str(path.relative_to(root)) if ".." not in path.parts else str(path)
        if path.suffix not in (".yml", ".yaml", ".json"):
            message = f"{relative} in include is neither YAML nor JSON (files to upload belong in sync.include)"
            diagnostics.add(error(message, pattern))
        names.append(relative)
    diagnostics.stop_if_wrong()
    return sorted(names)


def _check_root_path(root: Path) -> None:
    for char in "*?[]^":
        if char in str(root):
            raise BundleError(f"the bundle's path holds {char!r}, which include patterns cannot deal with", root)


def _check_one_resource(part: Node, relative: str, diagnostics: Diagnostics) -> None:
    """Recommends one resource a file where the file's name promises it (`nightly.job.yml`)."""
    name = Path(relative).name
    known = {singular(kind) for kind in kinds()}
    promised = next((one for one in known if name.endswith((f".{one}.yml", f".{one}.yaml"))), None)
    if promised is None:
        return
    found = [*matches(part, "resources.*.*"), *matches(part, "targets.*.resources.*.*")]
    keys = {path[-1] for path, _ in found}
    if len(keys) > 1 or any(singular(str(path[-2])) != promised for path, _ in found):
        listed = ", ".join(sorted({f"{path[-1]} ({singular(str(path[-2]))})" for path, _ in found}))
        extension = name[name.index(f".{promised}.") :]
        message = f"a file named *{extension} should define one {promised} only; this one has {listed}"
        diagnostics.recommend(message, found[0][1])
