"""Times as these families of the API write them: RFC 3339, milliseconds, UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp() -> str:
    """The time: `2027-01-31T06:00:00.123Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
