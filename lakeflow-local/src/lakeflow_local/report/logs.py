"""The text of an attempt's log, as it goes into the page."""

from __future__ import annotations

import re
from pathlib import Path

from lakeflow_local.jobs.tasks.base import Logs

_MOST = 200_000  # bytes of one stream
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def log_text(logs: Logs) -> str:
    """Standard output, then standard error; of a very long stream its end. Empty if nothing was printed."""
    parts = [text for text in (_end_of(logs.stdout), _end_of(logs.stderr)) if text]
    return "\n".join(part.rstrip("\n") for part in parts)


def _end_of(path: Path) -> str:
    if not path.exists():
        return ""
    size = path.stat().st_size
    with open(path, "rb") as stream:
        stream.seek(max(size - _MOST, 0))
        text = stream.read().decode("utf-8", errors="replace")
    if size > _MOST:
        text = text.partition("\n")[2]  # half a line may hold half a secret, which nobody would recognise
        text = f"[the first {size - _MOST:,} bytes are left out: see {path.name}]\n{text}"
    return _INVISIBLE.sub("", _COLOURS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
