"""The made-up days and one's own files never share tables: `.lakeflow/` holds one of the two, the other is put by.

Settling a date closes all dates before it, so one's own December would be closed by the demo's January.
"""

import json
from pathlib import Path

STORY = "three-days"
OWN_FILES = "own-files"
MARKER = "demo.json"
PUT_BY = "put-by"


def take_state(state: Path, wanted: str) -> str | None:
    """Makes `.lakeflow/` hold the state that is wanted, as the last call left it.

    Args:
        state: the folder `.lakeflow/`.
        wanted: STORY or OWN_FILES.

    Returns:
        What was put by to make room, or None.
    """
    state.mkdir(parents=True, exist_ok=True)
    present = held(state)
    if present == wanted:
        return None
    if present:
        _move_all(state, state / PUT_BY / present)
    _move_all(state / PUT_BY / wanted, state)
    (state / MARKER).write_text(json.dumps({"holds": wanted}) + "\n", encoding="utf-8")
    return present


def held(state: Path) -> str | None:
    """What `.lakeflow/` holds, None if nothing yet. A run by hand reads the landing folder of the three days."""
    if (state / MARKER).is_file():
        return json.loads((state / MARKER).read_text(encoding="utf-8"))["holds"]
    return STORY if (state / "warehouse").is_dir() else None


def _move_all(source: Path, target: Path) -> None:
    if not source.is_dir():
        return
    target.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.name != PUT_BY:
            path.rename(target / path.name)
