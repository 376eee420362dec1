"""AUTO CDC in plain Python, read from Databricks' documentation: what a target holds after a set of changes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Change:
    """One change of an account: a level and a note, either of which may be NULL."""

    key: int
    sequence: int
    operation: str  # UPSERT, DELETE or CLEAR, which truncates where a flow says so
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
    return sorted(((c.key, c.sequence, c.level, c.note) for c in last.values() if c.operation != "DELETE"), key=repr)


def filled(changes, *columns):
    """What ignore_null_updates makes of changes: NULLs of these columns keep the value since the last delete."""
    found = []
    for history in by_key(changes).values():
        known = dict.fromkeys(columns)
        for change in history:
            if change.operation == "DELETE":
                known = dict.fromkeys(columns)
                found.append(change)
            else:
                known = {
                    name: known[name] if getattr(change, name) is None else getattr(change, name) for name in known
                }
                found.append(replace(change, **known))
    return found


def since_truncate(changes):
    """The changes that the last CLEAR leaves: those after it, in whatever order they arrived."""
    last = max((change.sequence for change in changes if change.operation == "CLEAR"), default=-1)
    return [change for change in changes if change.operation != "CLEAR" and change.sequence > last]


def versions(changes, *, tracked=None):
    """SCD type 2: (key, level, note, start, end); with `tracked` only its changes begin a version."""
    rows = []
    for key, history in by_key(changes).items():
        is_open = None
        for change in history:
            if is_open and change.operation != "DELETE" and tracked and tracked(change) == tracked(is_open[0]):
                is_open = (change, is_open[1])
                continue
            if is_open:
                rows.append((key, is_open[0].level, is_open[0].note, is_open[1], change.sequence))
            is_open = (change, change.sequence) if change.operation != "DELETE" else None
        if is_open:
            rows.append((key, is_open[0].level, is_open[0].note, is_open[1], None))
    return sorted(rows, key=repr)
