"""Where the tasks of a job stand in the drawing of their graph: from top to bottom, parents above children."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

WIDTH, HEIGHT = 208, 50
_GAP, _DROP = 16, 42
_ABREAST = 3  # tasks side by side; more of one depth go on in the next row, so that a phone can show them
_DETOURS = 120  # in a larger graph, long edges go straight


@dataclass(frozen=True)
class Edge:
    """A dependency. `path` is an SVG path; `label`, at (x, y), the branch of a condition."""

    path: str
    label: str
    x: float
    y: float


@dataclass(frozen=True)
class Drawing:
    """Coordinates in pixels; `nodes` maps a task to its upper left corner."""

    width: float
    height: float
    nodes: dict[str, tuple[float, float]]
    edges: list[Edge]


def draw(parents: Mapping[str, Sequence[tuple[str, str]]]) -> Drawing:
    """Lay out a graph.

    Args:
        parents: per task, parents before children, its parents in it with the outcome waited for ("" for any).
    """
    row_of = _rows(parents)
    rows: list[list[str]] = [[] for _ in range(max(row_of.values(), default=-1) + 1)]
    trails: dict[tuple[str, str], list[str]] = {}  # edge -> what it passes through, from parent to child
    for child in parents:
        rows[row_of[child]].append(child)
    detours = len(parents) <= _DETOURS
    for child, edges in parents.items():
        for parent, _ in edges:
            between = range(row_of[parent] + 1, row_of[child]) if detours else ()
            passed = [f"{parent}\n{child}\n{row}" for row in between]  # a task key has no line break
            for name, row in zip(passed, between, strict=True):
                rows[row].append(name)
            trails[parent, child] = [parent, *passed, child]
    centers = _centers(rows, trails)
    half = max((abs(centers[name]) + _width(name) / 2 for row in rows for name in row), default=0)
    width = 2 * half + 4
    x_of = {name: center + width / 2 for name, center in centers.items()}
    y_of = {name: 2 + number * (HEIGHT + _DROP) for number, row in enumerate(rows) for name in row}
    edges_drawn = [
        _edge(trails[parent, child], outcome, x_of, y_of)
        for child, edges in parents.items()
        for parent, outcome in edges
    ]
    return Drawing(
        width=width,
        height=len(rows) * (HEIGHT + _DROP) - _DROP + 4,
        nodes={name: (x_of[name] - WIDTH / 2, y_of[name]) for name in parents},
        edges=edges_drawn,
    )


def _rows(parents: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, int]:
    depth: dict[str, int] = {}
    for name, edges in parents.items():
        depth[name] = max((depth[parent] + 1 for parent, _ in edges), default=0)
    row_of: dict[str, int] = {}
    first = 0
    for level in range(max(depth.values(), default=-1) + 1):
        members = [name for name in parents if depth[name] == level]
        count = -(-len(members) // _ABREAST)
        for index, name in enumerate(members):
            row_of[name] = first + index * count // len(members)
        first += count
    return row_of


def _centers(rows: list[list[str]], trails: Mapping[tuple[str, str], list[str]]) -> dict[str, float]:
    """Each row centred, its members in the order of what is above them."""
    above: dict[str, list[str]] = {}
    for trail in trails.values():
        for upper, lower in pairwise(trail):
            above.setdefault(lower, []).append(upper)
    centers: dict[str, float] = {}
    for row in rows:
        known = {name: [centers[upper] for upper in above.get(name, []) if upper in centers] for name in row}
        row.sort(key=lambda name: sum(known[name]) / len(known[name]) if known[name] else 0.0)
        x = -(sum(_width(name) + _GAP for name in row) - _GAP) / 2
        for name in row:
            centers[name] = x + _width(name) / 2
            x += _width(name) + _GAP
    return centers


def _width(name: str) -> float:
    return 0 if "\n" in name else WIDTH


def _edge(trail: list[str], outcome: str, x_of: Mapping[str, float], y_of: Mapping[str, float]) -> Edge:
    x, y = x_of[trail[0]], y_of[trail[0]] + HEIGHT
    path = f"M{x:.0f} {y:.0f}"
    start = (x, y)
    for name in trail[1:]:
        to_x, to_y = x_of[name], y_of[name]
        middle = (y + to_y) / 2
        path += f" C{x:.0f} {middle:.0f} {to_x:.0f} {middle:.0f} {to_x:.0f} {to_y:.0f}"
        x, y = to_x, to_y
        if name != trail[-1]:
            y += HEIGHT
            path += f" V{y:.0f}"
    first_x, first_y = x_of[trail[1]], y_of[trail[1]]
    return Edge(path, outcome, (start[0] + first_x) / 2, (start[1] + first_y) / 2)
