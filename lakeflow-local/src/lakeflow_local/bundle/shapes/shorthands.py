"""Writes out the short form of variables in targets: `catalog: main` means `catalog: {default: main}`."""

from __future__ import annotations

from lakeflow_local.bundle.tree.nodes import Node, matches

# A map with exactly these keys is a definition; any other map is the value itself.
_DEFINITIONS = (
    {"default", "type", "description"},
    {"default", "type"},
    {"default", "description"},
    {"lookup", "description"},
    {"default"},
    {"lookup"},
)


def expand_target_variables(tree: Node) -> None:
    """Rewrites the short forms of one file, in place."""
    for path, variable in matches(tree, "targets.*.variables.*"):
        if variable.is_null or (variable.is_map and set(variable.value) in _DEFINITIONS):
            continue
        whole = Node({"default": Node(variable.value, variable.locations)}, variable.locations, variable.key)
        parent = tree.get(*path[:-1])
        if parent is not None:
            parent.value[path[-1]] = whole
