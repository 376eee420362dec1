"""Configuration values that remember where they were written.

A bundle is merged from several files, and every message has to point at one line of one of them, so
the loader works on `Node` trees and turns them into plain dictionaries only at the very end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Step = str | int
NodePath = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file; line and column count from 1."""

    file: Path
    line: int
    column: int


class Node:
    """A value and where it came from.

    Attributes:
        value: `dict[str, Node]`, `list[Node]`, or a scalar (str, int, float, bool, None).
        locations: Where the value stands, the deciding place first; empty for what the loader made itself.
        key: Where the key stands under which the value is found.
        anchor: Whether the value carries a YAML anchor (a block made for reuse is no unknown field).
    """

    __slots__ = ("anchor", "key", "locations", "value")

    def __init__(
        self,
        value: Any,
        locations: tuple[Location, ...] = (),
        key: Location | None = None,
        *,
        anchor: bool = False,
    ) -> None:
        self.value, self.locations, self.key, self.anchor = value, locations, key, anchor

    @property
    def location(self) -> Location | None:
        """The deciding place, or None for a value that stands in no file."""
        return self.locations[0] if self.locations else None

    @property
    def is_map(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, list)

    @property
    def is_null(self) -> bool:
        return self.value is None

    def text(self) -> str | None:
        """The value if it is a string, else None."""
        return self.value if isinstance(self.value, str) else None

    def get(self, *path: Step) -> Node | None:
        """The node at a path below this one, or None."""
        node: Node = self
        for step in path:
            inside = node.value
            if isinstance(inside, dict):
                node = inside.get(step)
                if node is None:
                    return None
            elif isinstance(inside, list) and isinstance(step, int) and 0 <= step < len(inside):
                node = inside[step]
            else:
                return None
        return node

    def set(self, path: NodePath, value: Any) -> Node:
        """Puts a plain value or node at a path, making the maps on the way; returns the node there."""
        *parents, last = path
        node = self
        for step in parents:
            child = node.get(step)
            if child is None or child.is_null:
                child = Node({}, child.locations if child else (), child.key if child else None)
                node.value[step] = child
            node = child
        new = value if isinstance(value, Node) else from_plain(value)
        old = node.get(last)
        if old is not None and new.key is None:
            new.key = old.key
        node.value[last] = new
        return new

    def drop(self, *path: Step) -> None:
        """Removes what stands at a path; nothing happens when it is not there."""
        parent = self.get(*path[:-1])
        if parent is not None and parent.is_map:
            parent.value.pop(path[-1], None)

    def plain(self) -> Any:
        """The value without its places."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def copy(self) -> Node:
        """A deep copy."""
        value = self.value
        if isinstance(value, dict):
            value = {key: child.copy() for key, child in value.items()}
        elif isinstance(value, list):
            value = [child.copy() for child in value]
        return Node(value, self.locations, self.key, anchor=self.anchor)


def from_plain(value: Any) -> Node:
    """A node tree, without places, of a plain value."""
    if isinstance(value, Node):
        return value
    if isinstance(value, dict):
        return Node({str(key): from_plain(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return Node([from_plain(item) for item in value])
    return Node(value)


def walk(node: Node, path: NodePath = ()) -> Iterator[tuple[NodePath, Node]]:
    """Every node with its path, a parent before its children."""
    waiting = [(path, node)]
    while waiting:
        path, node = waiting.pop()
        yield path, node
        value = node.value
        if isinstance(value, dict):
            waiting += [((*path, key), value[key]) for key in reversed(value)]
        elif isinstance(value, list):
            waiting += [((*path, at), value[at]) for at in range(len(value) - 1, -1, -1)]


def matches(node: Node, pattern: str) -> list[tuple[NodePath, Node]]:
    """The nodes at a pattern such as `resources.jobs.*.tasks[*].libraries`; `*` is any key, `[*]` any item."""
    found: list[tuple[NodePath, Node]] = [((), node)]
    for step in pattern.replace("[*]", ".[]").removeprefix(".").split("."):
        if step == "[]":
            lists = [(path, one.value) for path, one in found if isinstance(one.value, list)]
            found = [((*path, at), child) for path, items in lists for at, child in enumerate(items)]
            continue
        maps = [(path, one.value) for path, one in found if isinstance(one.value, dict)]
        if step == "*":
            found = [((*path, key), child) for path, entries in maps for key, child in entries.items()]
        else:
            found = [((*path, step), entries[step]) for path, entries in maps if step in entries]
    return found


def show(path: NodePath) -> str:
    """A path as it is written in messages: `resources.jobs.nightly.tasks[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def parse(text: str) -> NodePath:
    """The opposite of `show`.

    Raises:
        ValueError: if the text is no path.
    """
    steps: list[Step] = []
    for part in text.split("."):
        name, *indices = part.split("[")
        if not name or any(not index.endswith("]") or not index[:-1].isdigit() for index in indices):
            raise ValueError(f"not a path: {text}")
        steps.append(name)
        steps.extend(int(index[:-1]) for index in indices)
    return tuple(steps)
