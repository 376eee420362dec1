"""Bitemporal AUTO CDC by looking at every point of a small plane of valid and system times, in plain Python."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """What is said of a key: from which time on it is valid, and from which it is known."""

    key: int
    valid: int
    system: int
    operation: str  # UPSERT or DELETE
    note: str | None = None


def seen_at(facts, valid, system):
    """What is known at a time of a valid time: the start and the note of the version; None if there is none."""
    known = [fact for fact in facts if fact.system <= system and fact.valid <= valid]
    if not known:
        return None
    fact = max(known, key=lambda fact: (fact.valid, fact.system))
    return None if fact.operation == "DELETE" else (fact.valid, fact.note)


def versions_known_at(facts, system, horizon):
    """The versions of one key as they are known at a time: (note, start, end)."""
    line = [seen_at(facts, valid, system) for valid in range(horizon)]
    found = set()
    for version in set(line) - {None}:
        last = max(valid for valid in range(horizon) if line[valid] == version)
        found.add((version[1], version[0], None if last == horizon - 1 else last + 1))
    return found


def bitemporal(facts, horizon=30):
    """(key, note, start, end, system start, system end), for times below the horizon."""
    rows = []
    for key in {fact.key for fact in facts}:
        of_key = [fact for fact in facts if fact.key == key]
        known = [versions_known_at(of_key, system, horizon) for system in range(horizon)]
        for system in range(horizon):
            for version in known[system]:
                if system and version in known[system - 1]:
                    continue
                ends = [later for later in range(system, horizon) if version not in known[later]]
                rows.append((key, *version, system, ends[0] if ends else None))
    return sorted(rows, key=repr)
