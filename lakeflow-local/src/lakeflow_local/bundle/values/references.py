"""Replaces `${var.*}`, `${bundle.*}` and `${workspace.*}` by their values.

A reference to another resource (`${resources.…}`) stays as it is: a deployment knows its value later, and
the resolved bundle shows it that way. A key that the schema knows and nobody set is empty, not an error
(`${bundle.git.origin_url}` in a folder without git).
"""

from __future__ import annotations

from lakeflow_local.bundle.shapes.schema import ANY, ListOf, MapOf, Record, Scalar, Shape
from lakeflow_local.bundle.shapes.sections import root as root_shape
from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.limits import MOST_TEXT, MOST_VALUES, Budget
from lakeflow_local.bundle.tree.nodes import Node, NodePath, parse, walk
from lakeflow_local.bundle.tree.syntax import REFERENCE

PREFIXES = ("bundle", "workspace", "variables")
_ZEROS = {"string": "", "int": 0, "float": 0.0, "bool": False, "any": ""}


class Resolver:
    """Resolves the references of one configuration; a value is worked out once."""

    def __init__(self, config: Node, prefixes: tuple[str, ...] = PREFIXES) -> None:
        self._config, self._prefixes = config, prefixes
        self._budget, self._characters = Budget(), 0  # that references have brought in
        self._known: dict[str, Node | None] = {}

    def resolve(self, node: Node) -> None:
        """Replaces every reference at and below a node, in place.

        Raises:
            BundleError: for a reference that does not exist, or that leads back to itself.
        """
        for _, child in walk(node):
            if isinstance(child.value, str) and "${" in child.value:
                child.value = self._text(child, ()).value

    def _text(self, node: Node, trail: tuple[str, ...]) -> Node:
        """The value of a string node; its place stays where the reference is written."""
        found = list(REFERENCE.finditer(node.value))
        if not found:
            return node
        values = [self._value(match.group(1), node, trail) for match in found]
        if len(found) == 1 and found[0].group(0) == node.value:
            return node if values[0] is None else Node(self._copied(values[0], node).value, node.locations, node.key)
        parts, end = [], 0
        for match, value in zip(found, values, strict=True):
            if value is None:
                continue
            if value.is_map or value.is_list:
                kind = "map" if value.is_map else "sequence"
                raise error(f"{match.group(0)} is a {kind} and cannot be put into a text", node)
            parts += [node.value[end : match.start()], _spell(value.value)]
            end = match.end()
        if not parts:
            return node
        self._characters += sum(map(len, parts))
        if self._characters > MOST_TEXT:
            raise error(f"the texts that references make are longer than {MOST_TEXT // 1024 // 1024} MB", node)
        # The values may have completed an outer reference: ${var.host_${bundle.target}}.
        return self._text(Node("".join(parts) + node.value[end:], node.locations, node.key), trail)

    def _copied(self, value: Node, at: Node) -> Node:
        """A copy of its own of a value, as later steps change it in place."""
        if not (value.is_map or value.is_list):
            return value
        if not self._budget.allows(sum(1 for _ in walk(value))):
            raise error(f"references bring in more than {MOST_VALUES:,} values", at)
        return value.copy()

    def _value(self, reference: str, at: Node, trail: tuple[str, ...]) -> Node | None:
        """The resolved value of a reference, or None for one that is not resolved here."""
        if reference in trail:
            circle = " -> ".join((*trail[trail.index(reference) :], reference))
            raise error(f"references go round in a circle: {circle}", at)
        if reference in self._known:
            return self._known[reference]
        path = parse(reference)
        if path[0] == "var":
            path = ("variables", path[1], "value", *path[2:]) if len(path) > 1 else path
        wanted = path[0] in self._prefixes and not self._is_unset(path)
        value = self._find(path, reference, at, (*trail, reference)) if wanted else None
        self._known[reference] = value
        return value

    def _is_unset(self, path: NodePath) -> bool:
        """Whether a path leads to a variable that nobody gave a value, as may be in a bundle that is only checked."""
        variable = self._config.get(*path[:2]) if path[0] == "variables" and len(path) > 1 else None
        return variable is not None and variable.is_map and not {"value", "default", "lookup"} & variable.value.keys()

    def _find(self, path: NodePath, reference: str, at: Node, trail: tuple[str, ...]) -> Node:
        node: Node | None = self._config
        shape: Shape = root_shape()
        for step in path:
            if node is not None and isinstance(node.value, str):
                node = self._text(node, trail)
            node = node.get(step) if node is not None else None
            known = shape.fields.get(step) if isinstance(shape, Record) else None
            if node is None and known is None:
                # Only the keys of a record may be left out; an entry of a map or list exists or not.
                raise error(_missing(reference, path, self._config), at)
            shape = known.shape if known else shape.item if isinstance(shape, (MapOf, ListOf)) else ANY
        if node is None:
            return Node(_zero(shape))
        copy = self._copied(node, at) if node.is_map or node.is_list else node.copy()
        for _, child in walk(copy):
            if isinstance(child.value, str) and "${" in child.value:
                child.value = self._text(child, trail).value
        return copy


def _zero(shape: Shape | None) -> object:
    if isinstance(shape, Scalar):
        return _ZEROS[shape.kind]
    return [] if isinstance(shape, ListOf) else {}


def _spell(value: object) -> str:
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _missing(reference: str, path: NodePath, config: Node) -> str:
    if path[0] == "variables" and len(path) > 1:
        declared = config.get("variables")
        names = sorted(declared.value) if declared is not None and declared.is_map else []
        if path[1] not in names:
            return f"variable {path[1]} is not declared (declared: {', '.join(names) or 'none'})"
    return f"reference does not exist: ${{{reference}}}"
