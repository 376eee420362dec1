"""What an update tells while it runs, as events; when it has ended, its log takes their place."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

LIVE = "live.jsonl"


class LiveEvents:
    """Appends events to a file. Any thread may tell."""

    def __init__(self, folder: Path, pipeline: Mapping[str, Any], update_id: str) -> None:
        self._file = folder / LIVE
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._update_id = update_id
        self._origin = {
            "pipeline_id": pipeline["pipeline_id"],
            "pipeline_name": pipeline["name"],
            "update_id": update_id,
        }
        self._lock = threading.Lock()

    def update(self, state: str, error: str = "") -> None:
        """The update has entered a state."""
        message = f"Update {self._update_id[:6]} is {state}."
        self._write("update_progress", message, error=error, level="ERROR" if error else "INFO")

    def flow(self, dataset: str, state: str, error: str = "") -> None:
        """A flow has entered a state."""
        verb = "is" if state in ("RUNNING", "STARTING", "QUEUED") else "has"
        level = {"FAILED": "ERROR", "SKIPPED": "WARN"}.get(state, "INFO")
        origin = {"dataset_name": dataset, "flow_name": dataset}
        self._write("flow_progress", f"Flow '{dataset}' {verb} {state}.", origin, error=error, level=level)

    def warning(self, dataset: str, message: str) -> None:
        """Something that a person should see."""
        self._write("flow_progress", message, {"dataset_name": dataset}, level="WARN")

    def _write(
        self, kind: str, message: str, origin: Mapping[str, str] | None = None, *, error: str = "", level: str = "INFO"
    ) -> None:
        with self._lock:
            at = datetime.now(UTC)
            failure = {"fatal": kind == "update_progress", "exceptions": [{"class_name": "", "message": error}]}
            event = {
                "id": str(uuid4()),
                "sequence": {"control_plane_seq_no": int(at.timestamp() * 1_000_000)},
                "timestamp": at.isoformat(),
                "origin": {**self._origin, **(origin or {})},
                "message": message,
                "level": level,
                "error": failure if error else None,
                "event_type": kind,
                "maturity_level": "STABLE",
            }
            with open(self._file, "a", encoding="utf-8") as file:
                file.write(json.dumps(event) + "\n")
