"""The timeline: for the run and each repair of it, a bar for every attempt that did work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.report.words import length, look, sign

_MOST = 200  # iterations of one pass; a for-each task may have thousands


@dataclass(frozen=True)
class Bar:
    """One attempt; `left` and `width` in percent of its pass."""

    task: str
    label: str
    look: str
    left: float
    width: float
    text: str
    reason: str


@dataclass(frozen=True)
class Lane:
    """The run itself, or one repair."""

    title: str
    took: str
    bars: list[Bar]
    left_out: int


def lanes(passes: Iterable[Mapping[str, Any]], attempts: list[dict[str, Any]], now: int) -> list[Lane]:
    """One lane a pass.

    Args:
        passes: `repair_history` of the run.
        attempts: rows of the store, in the order of their start.
        now: where the bars of what is still running end, epoch milliseconds.
    """
    found = []
    for item in passes:
        own = [row for row in attempts if row["repair"] == item["id"] and _worked(row)]
        begin, end = item["start_time"], item["end_time"] or now
        iterations = [row["task_run_id"] for row in own if row["iteration"] is not None]
        hidden = frozenset(iterations[_MOST:])
        bars = [_bar(row, begin, max(end, begin + 1), now) for row in own if row["task_run_id"] not in hidden]
        title = f"Repair {item['id']}" if item["id"] else "Run"
        found.append(Lane(title, length(end - begin), bars, len(hidden)))
    return found


def _worked(row: Mapping[str, Any]) -> bool:
    return row["result"] is None or Result(row["result"]).ran


def _bar(row: Mapping[str, Any], begin: int, end: int, now: int) -> Bar:
    span = end - begin
    stop = min(row["end"] or now, end)
    left = min(max((row["start"] - begin) / span, 0), 1) * 100
    width = max((stop - row["start"]) / span * 100, 0)
    word = row["result"] or row["life_cycle"]
    label = row["task_key"] if row["iteration"] is None else f"{row['task_key']}[{row['iteration']}]"
    if row["number"]:
        label += f" · attempt {row['number']}"
    return Bar(
        task=row["task_key"],
        label=label,
        look=look(word),
        left=round(left, 2),
        width=round(min(width, 100 - left), 2),
        text=f"{sign(word)} {word}, {length((row['end'] or now) - row['start'])}",
        reason="" if row["doc"]["reason"] == f"repair {row['repair']}" else row["doc"]["reason"],
    )
