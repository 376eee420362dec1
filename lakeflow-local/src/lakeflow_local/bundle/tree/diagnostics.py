"""What loading a bundle has to say besides the result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from lakeflow_local.bundle.tree.nodes import Location, Node, NodePath, show
from lakeflow_local.errors import BundleError, printable, short_path


@dataclass(frozen=True)
class Note:
    """One remark about the bundle.

    Attributes:
        severity: `warning`, or `recommendation` (nothing is wrong, and `--strict` lets it pass).
        message: What and why, in one line.
        path: The place in the configuration, as in `resources.jobs.nightly`.
        location: The place in a file, where there is one.
        root: The folder of the bundle, to which its path is relative.
    """

    severity: str
    message: str
    path: str = ""
    location: Location | None = None
    root: Path | None = None

    def __str__(self) -> str:
        place = f"{short_path(self.location.file, self.root)}:{self.location.line}: " if self.location else ""
        return printable(f"{place}{self.message}")


@dataclass
class Diagnostics:
    """Collects notes; the same remark about the same place is kept once. And errors that are told together.

    Attributes:
        is_tolerant: Whether what a deployment would refuse is kept in `refused`, wherever loading can go on without it.
        refused: Path in the configuration, and the error.
    """

    root: Path | None = None
    notes: list[Note] = field(default_factory=list)
    is_tolerant: bool = False
    refused: list[tuple[str, BundleError]] = field(default_factory=list)
    _known: set[Note] = field(default_factory=set)
    _errors: list[BundleError] = field(default_factory=list)

    def warn(self, message: str, node: Node | None = None, path: NodePath = (), *, at_key: bool = False) -> None:
        self._add("warning", message, node, path, at_key)

    def recommend(self, message: str, node: Node | None = None, path: NodePath = ()) -> None:
        self._add("recommendation", message, node, path, False)

    def repeat(self, notes: Iterable[Note]) -> None:
        """Take over notes that were made elsewhere about this bundle."""
        for note in notes:
            self._keep(replace(note, root=self.root))

    def _add(self, severity: str, message: str, node: Node | None, path: NodePath, at_key: bool) -> None:
        place = None if node is None else (node.key if at_key and node.key else node.location)
        self._keep(Note(severity, message, show(path), place, self.root))

    def _keep(self, note: Note) -> None:
        if note not in self._known:
            self._known.add(note)
            self.notes.append(note)

    @contextmanager
    def collecting(self, *path: str | int) -> Iterator[None]:
        """Keep an error for `stop_if_wrong`, and go on."""
        try:
            yield
        except BundleError as problem:
            self.add(problem, *path)

    def add(self, problem: BundleError, *path: str | int) -> None:
        """Keep an error for `stop_if_wrong`, or where it is tolerant, in `refused`."""
        if self.is_tolerant:
            self.refused.append((show(path), problem))
        else:
            self._errors.append(problem)

    @contextmanager
    def tolerating(self, *path: str | int) -> Iterator[None]:
        """A step without which loading can go on: where it is tolerant, its error is kept in `refused`."""
        try:
            yield
        except BundleError as problem:
            if not self.is_tolerant:
                raise
            self.refused += [(show(path), one) for one in (problem, *problem.others) if isinstance(one, BundleError)]

    def stop_if_wrong(self) -> None:
        """The end of a step that looks for all of its errors.

        Raises:
            BundleError: the first of them, with the others.
        """
        if self._errors:
            first, *others = self._errors
            first.others = tuple(others)
            raise first


def error(message: str, node: Node | None = None) -> BundleError:
    """An error that points at a node: at its key where it has one."""
    place = None if node is None else node.key or node.location
    return BundleError(message, place and place.file, place and place.line)
