"""Reads YAML and JSON files into nodes, with the place of every key and value.

The parser is libyaml, of which the CLI's is a port. Scalars are read with the CLI's habits: `yes` and `on` are text
(they become booleans only where a boolean belongs), a date stays the text that it is, `017` is seventeen.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lakeflow_local.bundle.tree import scalars
from lakeflow_local.bundle.tree.diagnostics import Diagnostics, Note
from lakeflow_local.bundle.tree.limits import DEEPEST, MOST_BYTES, MOST_VALUES, Budget, deep_values
from lakeflow_local.bundle.tree.nodes import Location, Node
from lakeflow_local.errors import BundleError

_MERGE = "tag:yaml.org,2002:merge"
_PARSER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def read(path: Path, diagnostics: Diagnostics | None = None, budget: Budget | None = None) -> Node:
    """The first document of a YAML or JSON file; an empty file is null.

    A key that stands twice in a map is reported: the later one counts, as for the CLI.

    Args:
        budget: of the bundle; by default one for this file alone.

    Raises:
        BundleError: if the file cannot be read, is no UTF-8, no YAML, or past the limits above.
    """
    budget = budget or Budget()
    memory = _memory.get()
    if memory is not None and path in memory:
        return _again(memory[path], path, diagnostics, budget)
    text = _text(path)
    before, noted = budget.values, Diagnostics()
    try:
        with deep_values():
            root = _Reader(path, noted, budget).root(yaml.parse(text, Loader=_PARSER))
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        reason = " ".join(part for part in (problem.problem, problem.context) if part)
        raise BundleError(f"not YAML: {' '.join(reason.split())}", path, mark.line + 1 if mark else 1) from problem
    except yaml.YAMLError as problem:
        raise BundleError(f"not YAML: {' '.join(str(problem).split())}", path, 1) from problem
    root = Node(None, (Location(path, 1, 1),)) if root is None else root
    if diagnostics is not None:
        diagnostics.repeat(noted.notes)
    if memory is not None:
        memory[path] = (root.copy(), budget.values - before, tuple(noted.notes))
    return root


_Remembered = tuple[Node, int, tuple[Note, ...]]
_memory: ContextVar[dict[Path, _Remembered] | None] = ContextVar("read files", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Read each file once: for loading several targets of one bundle, while its files stay as they are."""
    token = _memory.set({})
    try:
        yield
    finally:
        _memory.reset(token)


def _again(known: _Remembered, path: Path, diagnostics: Diagnostics | None, budget: Budget) -> Node:
    root, values, notes = known
    if not budget.allows(values):
        raise BundleError(f"more than {MOST_VALUES:,} values in the bundle, its aliases written out", path, 1)
    if diagnostics is not None:
        diagnostics.repeat(notes)
    with deep_values():
        return root.copy()


def _text(path: Path) -> str:
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise BundleError("cannot be read: it is a folder", path)
        if not stat.S_ISREG(found.st_mode):  # a pipe or a device: reading it might never end
            raise BundleError("cannot be read: it is no regular file", path)
        if found.st_size > MOST_BYTES:
            raise BundleError(f"is longer than {MOST_BYTES // 1024 // 1024} MB, the limit of a bundle's file", path)
        return path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        raise BundleError(f"cannot be read: {problem.strerror}", path) from problem
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        raise BundleError("is not UTF-8 text", path, line) from problem


@dataclass
class _Open:
    """A list or map whose end has not been read yet."""

    node: Node
    name: str | None  # of its anchor
    before: int  # how many values there were before it
    key: Any = None  # the event of the key whose value comes next
    merged: list[dict[str, Node]] | None = None


@dataclass
class _Anchored:
    node: Node | None  # None while it is open
    values: int = 0


@dataclass
class _Reader:
    """Builds nodes from the events of the parser; aliases are written out, as later steps change nodes in place."""

    path: Path
    diagnostics: Diagnostics | None
    budget: Budget
    _open: list[_Open] = field(default_factory=list)
    _anchors: dict[str, _Anchored] = field(default_factory=dict)

    def root(self, events: Iterator[Any]) -> Node | None:
        """The first document, None if it is empty."""
        for event in events:
            match event:
                case yaml.ScalarEvent():  # first, as most are
                    if self._is_key(event):
                        continue
                    done = Node(self._scalar(event), (self._place(event),), anchor=event.anchor is not None)
                    self._count(1, event)
                    self._anchor(event.anchor, done, 1)
                case yaml.AliasEvent():
                    done = self._alias(event)
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._begin(event)
                    continue
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    done = self._end()
                case yaml.DocumentEndEvent():
                    return None
                case _:
                    continue
            if not self._open:
                return done
            self._add(done, event)
        return None

    def _is_key(self, event: Any) -> bool:
        """Whether a scalar is the key of a map; it is then kept until its value comes."""
        top = self._open[-1] if self._open else None
        if top is None or not top.node.is_map or top.key is not None:
            return False
        if not _is_merge(event) and not scalars.is_text(event.value, event.tag, plain=not event.style):
            raise self._error(f'a key must be text: write "{event.value}"', event)
        top.key = event
        return True

    def _begin(self, event: Any) -> None:
        self._needs_value(event)
        if len(self._open) == DEEPEST:
            raise self._error(f"more than {DEEPEST} lists and maps in each other", event)
        self._count(1, event)
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        node = Node(value, (self._place(event),), anchor=event.anchor is not None)
        self._open.append(_Open(node, event.anchor, self.budget.values - 1))
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(None)

    def _end(self) -> Node:
        done = self._open.pop()
        if done.merged is not None:
            # As the CLI has it, and other than YAML's merge draft: of several merged maps the last one wins.
            own, done.node.value = done.node.value, {}
            for entries in (*done.merged, own):
                done.node.value.update(entries)
        self._anchor(done.name, done.node, self.budget.values - done.before)
        return done.node

    def _alias(self, event: Any) -> Node:
        self._needs_value(event)
        known = self._anchors.get(event.anchor)
        if known is None:
            raise self._error(f"undefined alias: there is no anchor &{event.anchor} before it", event)
        if known.node is None:
            raise self._error("an anchor refers to itself", event)
        self._count(known.values, event)
        return known.node.copy()

    def _add(self, child: Node, event: Any) -> None:
        """Put a value where it belongs: into the list or map that is open."""
        top = self._open[-1]
        if top.node.is_list:
            top.node.value.append(child)
            return
        key, top.key = top.key, None
        if _is_merge(key):
            if top.merged is not None:
                raise self._error("'<<' stands twice in one map; merge several maps with '<<: [*a, *b]'", key)
            sources = child.value if child.is_list and not isinstance(event, yaml.AliasEvent) else [child]
            if not all(source.is_map for source in sources):
                raise self._error("'<<' needs a map, or a list of maps", key)
            top.merged = [source.value for source in sources]
            return
        child.key = self._place(key)
        own = top.node.value
        if key.value in own:
            if self.diagnostics is not None:
                self.diagnostics.recommend(f"{key.value} stands twice in this map: the later one counts", child)
            del own[key.value]
        own[key.value] = child

    def _needs_value(self, event: Any) -> None:
        top = self._open[-1] if self._open else None
        if top is not None and top.node.is_map and top.key is None:
            raise self._error("a key must be a plain word", event)

    def _anchor(self, name: str | None, node: Node, values: int) -> None:
        if name is not None:
            self._anchors[name] = _Anchored(node, values)

    def _count(self, values: int, event: Any) -> None:
        if not self.budget.allows(values):
            raise self._error(f"more than {MOST_VALUES:,} values in the bundle, its aliases written out", event)

    def _scalar(self, event: Any) -> Any:
        try:
            return scalars.value(event.value, event.tag, plain=not event.style)
        except ValueError as problem:
            raise self._error(str(problem), event) from None

    def _place(self, event: Any) -> Location:
        return Location(self.path, event.start_mark.line + 1, event.start_mark.column + 1)

    def _error(self, message: str, event: Any) -> BundleError:
        return BundleError(message, self.path, event.start_mark.line + 1)


def _is_merge(key: Any) -> bool:
    return key.tag == _MERGE or (key.value == "<<" and key.tag is None and not key.style)
