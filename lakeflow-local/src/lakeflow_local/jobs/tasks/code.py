"""What a Python process is to run for an attempt: `kind`, `argv` and what the kind needs, see `taskmain.run`."""

from __future__ import annotations

from typing import Any

from lakeflow_local.jobs.model.events import StartAttempt
from lakeflow_local.jobs.model.references import as_text


def script_code(work: StartAttempt) -> dict[str, Any]:
    """Of a script task, its file."""
    file = work.payload["python_file"]
    return {"kind": "script", "file": file, "argv": [file, *map(as_text, work.payload.get("parameters") or [])]}


def notebook_code(work: StartAttempt) -> dict[str, Any]:
    """Of a notebook task, its file, and its parameters as widgets."""
    file = work.payload["notebook_path"]
    widgets = {name: as_text(value) for name, value in (work.payload.get("base_parameters") or {}).items()}
    return {"kind": "notebook", "file": file, "argv": [file], "widgets": widgets}


def wheel_code(work: StartAttempt) -> dict[str, Any]:
    """Of a wheel task, its entry point; named parameters become `--name=value`."""
    payload = work.payload
    arguments = [as_text(value) for value in payload.get("parameters") or []]
    arguments += [f"--{name}={as_text(value)}" for name, value in (payload.get("named_parameters") or {}).items()]
    return {
        "kind": "wheel",
        "package_name": payload["package_name"],
        "entry_point": payload["entry_point"],
        "argv": [payload["entry_point"], *arguments],
    }
