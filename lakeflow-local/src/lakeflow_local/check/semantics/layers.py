"""A bundle's targets as they are written, before one of them is laid over the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lakeflow_local.bundle.tree.merging import GRANTED, merge
from lakeflow_local.bundle.tree.nodes import Node, NodePath, show, walk
from lakeflow_local.check.written import WrittenFiles
from lakeflow_local.errors import BundleError

_VARIABLE = re.compile(r"\$\{(?:var|variables)\.([\w-]+)")
# Lists that join by a key instead of being put one after the other: (place, field).
_KEYED = {
    ("resources", "jobs", "*", "tasks"): "task_key",
    ("resources", "jobs", "*", "job_clusters"): "job_cluster_key",
    ("resources", "jobs", "*", "parameters"): "name",
    ("resources", "pipelines", "*", "clusters"): "label",
    ("resources", "apps", "*", "resources"): "name",
    **{("resources", kind, "*", "grants"): "principal" for kind in GRANTED},
}
_UNIQUE = {("resources", kind, "*", "grants", "*", "privileges") for kind in GRANTED}


@dataclass(frozen=True)
class JoinedList:
    """A list that stands in the bundle and again in a target.

    Attributes:
        path: Its place, with keys for positions: `resources.jobs.daily.tasks[load].libraries`.
        field: The last word of the place.
        base: As the bundle has it.
        over: As the target has it; it is put behind.
    """

    path: str
    field: str
    base: Node
    over: Node


def merged(written: WrittenFiles) -> Node:
    """All files of the configuration laid over each other, and nothing resolved; empty where they do not fit."""
    tree = Node({})
    for value in written.trees.values():
        try:
            tree = merge(tree, value.node)
        except BundleError:  # loading the bundle has told of it
            return Node({})
    return tree


def targets(tree: Node) -> dict[str, Node]:
    """The targets, by name; an empty one is an empty map."""
    section = tree.get("targets") or tree.get("environments")
    if section is None or not section.is_map:
        return {}
    return {name: node if node.is_map else Node({}, node.locations, node.key) for name, node in section.value.items()}


def joined_lists(tree: Node, target: Node) -> Iterator[JoinedList]:
    """The lists of resources that a target makes longer, where its author may have meant to replace them."""
    base, over = tree.get("resources"), target.get("resources")
    if base is not None and over is not None:
        yield from _joined(base, over, ("resources",), ("resources",))


def _joined(base: Node, over: Node, place: tuple[str, ...], path: NodePath) -> Iterator[JoinedList]:
    if base.is_map and over.is_map:
        for key, child in over.value.items():
            if key in base.value:
                general = "*" if len(place) == 2 else key
                yield from _joined(base.value[key], child, (*place, general), (*path, key))
    elif base.is_list and over.is_list and base.value and over.value:
        field = _KEYED.get(place)
        if field is not None:
            yield from _by_key(base, over, field, place, path)
        elif place not in _UNIQUE:
            yield JoinedList(show(path), str(path[-1]), base, over)


def _by_key(base: Node, over: Node, field: str, place: tuple[str, ...], path: NodePath) -> Iterator[JoinedList]:
    known = {label: item for item in base.value if item.is_map and (label := _label(item, field))}
    for item in over.value:
        label = _label(item, field) if item.is_map else ""
        if label in known:
            yield from _joined(known[label], item, (*place, "*"), (*path[:-1], f"{path[-1]}[{label}]"))


def _label(item: Node, field: str) -> str:
    found = item.get(field)
    return (found.text() or "") if found is not None else ""


def variables_set(target: Node) -> dict[str, Node]:
    """The variables that a target gives a value, by name."""
    section = target.get("variables")
    return dict(section.value) if section is not None and section.is_map else {}


def declared_variables(tree: Node) -> dict[str, Node]:
    """The variables that a bundle declares, by name."""
    section = tree.get("variables")
    return dict(section.value) if section is not None and section.is_map else {}


def variables_used(tree: Node, target: Node) -> set[str]:
    """The variables that something in a target refers to, directly or through the value of another one."""
    used: set[str] = set()
    waiting: list[str] = []
    for part in (one for one in (tree, target) if one.is_map):
        for key, section in part.value.items():
            if key not in ("variables", "targets", "environments"):
                waiting += _references(section)
    declared, given = declared_variables(tree), variables_set(target)
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            for value in (given.get(name), declared.get(name)):
                if value is not None:
                    waiting += _references(value)
    return used


def _references(node: Node) -> list[str]:
    """The names of the variables that the texts of a node refer to."""
    texts = [child.value for _, child in walk(node) if isinstance(child.value, str) and "${" in child.value]
    return [name for text in texts for name in _VARIABLE.findall(text)]
