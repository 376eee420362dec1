"""AUTO CDC in plain Python, read from Databricks' documentation: what a target holds after a set of changes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """One change of an account: a level and a note, either of which may be NULL."""

    key: int
    sequence: int
    operation: str  # UPSERT or DELETE
    level: int | None = None
    note: str | None = None


def by_key(changes):
    """The changes of each key in the order of their sequence; repeated deliveries count once."""
    found = defaultdict(dict)
    for change in changes:
        found[change.key][change.sequence] = change
    return {key: [moments[at] for at in sorted(moments)] for key, moments in found.items()}


def newest(changes):
    """SCD type 1: the newest change of each key, unless it deletes."""
    last = {key: history[-1] for key, history in by_key(changes).items()}
    return sorted((c.key, c.sequence, c.level, c.note) for c in last.values() if c.operation == "UPSERT")


def newest_without_nulls(changes):
    """SCD type 1 with ignore_null_updates: NULLs keep the value since the last delete."""
    rows = []
    for key, history in by_key(changes).items():
        level = note = None
        for change in history:
            if change.operation == "DELETE":
                level = note = None
            else:
                level = level if change.level is None else change.level
                note = note if change.note is None else change.note
        if history[-1].operation == "UPSERT":
            rows.append((key, history[-1].sequence, level, note))
    return sorted(rows, key=repr)


def versions(changes, *, tracked=None):
    """SCD type 2: (key, level, note, start, end); with `tracked` only its changes begin a version."""
    rows = []
    for key, history in by_key(changes).items():
        is_open = None
        for change in history:
            if is_open and change.operation == "UPSERT" and tracked and tracked(change) == tracked(is_open[0]):
                is_open = (change, is_open[1])
                continue
            if is_open:
                rows.append((key, is_open[0].level, is_open[0].note, is_open[1], change.sequence))
            is_open = (change, change.sequence) if change.operation == "UPSERT" else None
        if is_open:
            rows.append((key, is_open[0].level, is_open[0].note, is_open[1], None))
    return sorted(rows, key=repr)
