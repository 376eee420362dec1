"""Counts again what the quality gate judged: rows of the window, and the open quarantined ones among them."""

from collections.abc import Iterator

from .rows import Copy, Source
from .stores import Ledger


def gate_differences(ledger: Ledger, copies: dict[str, list[Copy]]) -> Iterator[str]:
    """Compares every recorded verdict with the rows of its window.

    The rows that count are those that had been read when the verdict was given; the window starts where the newest plan
    before that verdict had stopped reading.
    """
    for verdict in ledger.verdicts:
        source, judged_at = verdict["source"], verdict["judged_at"]
        if source not in copies or verdict["window_rows"] is None:
            continue
        before = [s for s in ledger.settlements if s["planned_at"] < judged_at]
        start = (before[-1][f"{source}_ingested_to"] or 0) if before else 0
        rows, open_rows = window(Source(copies[source], judged_at), start)
        if (rows, open_rows) != (verdict["window_rows"], verdict["open_quarantined"]):
            yield (
                f"verdict on {source} for {verdict['settlement_date']}: recorded {verdict['open_quarantined']} open of "
                f"{verdict['window_rows']}, recounted {open_rows} of {rows}"
            )


def window(source: Source, start: int) -> tuple[int, int]:
    """First copies ingested after `start`, and how many of them are quarantined and still open."""
    new = [copy for copy in source.first.values() if copy.file.ingested_at > start]
    return len(new), sum(is_open(copy, source) for copy in new)


def is_open(copy: Copy, source: Source) -> bool:
    """Quarantined, and no valid row of the same key has come since: read later, or read together from a newer file."""
    if copy.is_valid:
        return False
    return not any(state.arrival[:2] > copy.arrival[:2] for state in source.states.get(copy.key, ()))
