"""The files of a bundle's configuration as they are written: nothing merged, nothing resolved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain
from pathlib import Path

from lakeflow_local.bundle.tree.nodes import Node
from lakeflow_local.bundle.tree.source import read
from lakeflow_local.check.value import Value
from lakeflow_local.errors import BundleError


class WrittenFiles:
    """The root file and all included ones, in the order in which they are merged."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = tuple(dict.fromkeys(paths))

    @cached_property
    def trees(self) -> dict[Path, Value]:
        """File -> its content."""
        found = {}
        for path in self.paths:
            try:
                found[path] = Value(read(path))
            except BundleError:  # loading the bundle has told of it
                continue
        return found

    @cached_property
    def values_of(self) -> dict[Path, list[Value]]:
        """File -> every value of it, parents first; paths are those within their file."""
        return {path: list(tree.walk()) for path, tree in self.trees.items()}

    @property
    def values(self) -> Iterator[Value]:
        """Every value of every file."""
        return chain.from_iterable(self.values_of.values())

    @cached_property
    def _texts(self) -> dict[tuple[Path, int, int], str]:
        return {
            (place.file, place.line, place.column): value.node.value
            for value in self.values
            if isinstance(value.node.value, str)
            for place in value.node.locations[:1]
        }

    def text_of(self, node: Node) -> str | None:
        """How a text of the resolved bundle is written, its `${…}` not replaced; None for what is written nowhere."""
        place = node.location
        return self._texts.get((place.file, place.line, place.column)) if place is not None else None
