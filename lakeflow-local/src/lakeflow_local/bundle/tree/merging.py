"""How one piece of configuration is laid over another.

Maps merge, the later value wins; lists are put one after the other; null gives way to anything. Lists of
a few kinds are then joined by a key (a job's tasks by `task_key`): see `join_by_key`. Measured with the
CLI 1.13: there is no other rule, so a `depends_on` or `libraries` list in a target is appended.
"""

from __future__ import annotations

from collections.abc import Callable

from lakeflow_local.bundle.tree.nodes import Node, matches
from lakeflow_local.errors import BundleError

GRANTED = ("catalogs", "schemas", "external_locations", "secrets", "volumes", "registered_models")
GRANTED += ("vector_search_indexes",)


def merge(base: Node, over: Node) -> Node:
    """`base` with `over` laid over it; neither is changed.

    Raises:
        BundleError: if both are set and are not of one kind (a map and a list, text and a number).
    """
    if base.is_null:
        return Node(over.value, over.locations + base.locations, over.key or base.key, anchor=over.anchor)
    if over.is_null:
        return Node(base.value, base.locations + over.locations, base.key or over.key, anchor=base.anchor)
    kinds = _kind(base), _kind(over)
    if kinds[0] != kinds[1]:
        place = over.location
        message = f"cannot merge {kinds[0]} with {kinds[1]}"
        raise BundleError(message, place and place.file, place and place.line)
    if base.is_map:
        value = dict(base.value)
        for key, child in over.value.items():
            value[key] = merge(value[key], child) if key in value else child
        return Node(value, base.locations + over.locations, base.key or over.key)
    if base.is_list:
        return Node([*base.value, *over.value], base.locations + over.locations, base.key or over.key)
    return Node(over.value, over.locations + base.locations, over.key or base.key)


def _kind(node: Node) -> str:
    value = node.value
    if isinstance(value, dict):
        return "map"
    if isinstance(value, list):
        return "sequence"
    if isinstance(value, bool):
        return "bool"
    return {str: "string", int: "int", float: "float"}.get(type(value), "nil")


def join_by_key(
    items: Node, name: str, *, key: Callable[[Node | None], str] | None = None, ordered: bool = False
) -> None:
    """Merges the maps of a list that have the same key, in place; the first one keeps its position.

    Args:
        items: The list.
        name: The field that holds the key; it is set to the key that was found.
        key: How the key is read from that field; by default its text, or "" where it is not set.
        ordered: Whether the result is sorted by key.
    """
    read = key or (lambda field: (field.text() or "") if field else "")
    found: dict[str, Node] = {}
    for item in items.value:
        if item.is_null:
            item.value = {}
        label = read(item.get(name))
        found[label] = merge(found[label], item) if label in found else item
    for label, item in found.items():
        if item.is_map:
            field = item.get(name)
            item.value[name] = Node(label, field.locations if field else (), field.key if field else None)
    items.value = [found[label] for label in (sorted(found) if ordered else found)]


def join_keyed_lists(root: Node) -> None:
    """Applies every rule by which lists of resources join: tasks, clusters, parameters, grants, app resources."""
    for _, items in _lists(root, "resources.jobs.*.job_clusters"):
        join_by_key(items, "job_cluster_key")
    for _, items in _lists(root, "resources.jobs.*.parameters"):
        join_by_key(items, "name")
    for _, items in _lists(root, "resources.jobs.*.tasks"):
        join_by_key(items, "task_key", ordered=True)
    for _, items in _lists(root, "resources.pipelines.*.clusters"):
        # A cluster without a label is the one labelled `default`.
        join_by_key(items, "label", key=lambda field: (field.text() or "default").lower() if field else "default")
    for kind in GRANTED:
        for _, items in _lists(root, f"resources.{kind}.*.grants"):
            join_by_key(items, "principal")
            for _, privileges in _lists(items, "[*].privileges"):
                seen: dict[str, Node] = {}
                for privilege in privileges.value:
                    seen.setdefault(str(privilege.value), privilege)
                privileges.value = list(seen.values())
    for _, items in _lists(root, "resources.apps.*.resources"):
        _override_by_key(items, "name")


def _override_by_key(items: Node, name: str) -> None:
    """Like `join_by_key`, but a later map replaces the earlier one instead of merging with it."""
    found: dict[str, Node] = {}
    for item in items.value:
        field = item.get(name)
        found[(field.text() or "") if field else ""] = item
    items.value = list(found.values())


def _lists(root: Node, pattern: str) -> list[tuple[object, Node]]:
    start = pattern.removeprefix("[*].") if pattern.startswith("[*].") else None
    if start is not None:
        return [(None, field) for item in root.value if (field := item.get(start)) is not None and field.is_list]
    return [(path, node) for path, node in matches(root, pattern) if node.is_list]
