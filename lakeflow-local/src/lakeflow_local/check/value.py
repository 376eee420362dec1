"""A value of a configuration together with its path and its place, as rules walk through it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lakeflow_local.bundle.tree.nodes import Location, Node, NodePath, Step, show
from lakeflow_local.check.finding import Place


class Value:
    """A node with its path.

    A text that holds `${…}` is one that is known only when the bundle is deployed (`${resources.…}`), or that nobody
    gave a value: rules cannot judge it. `is_known` tells.
    """

    __slots__ = ("around", "node", "path")

    def __init__(self, node: Node, path: NodePath = (), around: Location | None = None) -> None:
        self.node, self.path = node, path
        self.around = node.key or node.location or around

    def get(self, *steps: Step) -> Value | None:
        """The value at a path below, None where there is none or it is null."""
        node, around = self.node, self.around
        for step in steps:
            child = node.get(step)
            if child is None:
                return None
            node = child
            around = node.key or node.location or around
        if node.value is None:
            return None
        return Value(node, (*self.path, *steps), around) if steps else self

    def text(self, *steps: Step) -> str:
        """The text at a path below, "" where there is none."""
        found = self.get(*steps)
        return (found.node.text() or "") if found is not None else ""

    def plain(self, *steps: Step) -> Any:
        """The plain value at a path below, None where there is none."""
        found = self.get(*steps)
        return found.node.plain() if found is not None else None

    def items(self, *steps: Step) -> list[Value]:
        """The items of the list at a path below; none where there is no list."""
        found = self.get(*steps)
        if found is None or not found.node.is_list:
            return []
        return [Value(child, (*found.path, index), found.around) for index, child in enumerate(found.node.value)]

    def entries(self, *steps: Step) -> list[tuple[str, Value]]:
        """The entries of the map at a path below; none where there is no map."""
        found = self.get(*steps)
        if found is None or not found.node.is_map:
            return []
        return [(key, Value(child, (*found.path, key), found.around)) for key, child in found.node.value.items()]

    def walk(self) -> Iterator[Value]:
        """This value and all below it, parents first."""
        waiting = [self]
        while waiting:
            value = waiting.pop()
            yield value
            inner = value.node.value
            if isinstance(inner, dict):
                waiting += [Value(inner[key], (*value.path, key), value.around) for key in reversed(inner)]
            elif isinstance(inner, list):
                places = range(len(inner) - 1, -1, -1)
                waiting += [Value(inner[at], (*value.path, at), value.around) for at in places]

    @property
    def is_written(self) -> bool:
        """Whether it stands in a file, and is no default."""
        return bool(self.node.locations) or self.node.key is not None

    @property
    def is_known(self) -> bool:
        """Whether it holds no `${…}`, at no depth."""
        return not any(isinstance(one.node.value, str) and "${" in one.node.value for one in self.walk())

    @property
    def place(self) -> Place:
        """Where it is written; for a default, what is around it."""
        around = self.around
        return Place(show(self.path), around and around.file, around and around.line)
