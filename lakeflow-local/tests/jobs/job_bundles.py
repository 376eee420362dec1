"""Bundles on disk whose tasks are Python scripts that need no Spark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ENVIRONMENTS = [{"environment_key": "python", "spec": {"environment_version": "4"}}]


def script(key: str, code: str, *parents: str, parameters: list[str] | None = None, **settings: Any) -> dict[str, Any]:
    """A task that runs a script; the code is kept beside it until the bundle is written."""
    return {
        "task_key": key,
        "depends_on": [{"task_key": parent} for parent in parents],
        "spark_python_task": {"python_file": f"src/{key}.py", "parameters": parameters or []},
        "environment_key": "python",
        "disable_auto_optimization": True,
        "code": code,
        **settings,
    }


def write_bundle(root: Path, jobs: dict[str, list[dict[str, Any]]], **job_settings: Any) -> Path:
    """Write a bundle `trips` with a target `local`; JSON is YAML."""
    (root / "src").mkdir(parents=True, exist_ok=True)
    resources: dict[str, Any] = {}
    for name, tasks in jobs.items():
        written = []
        for task in tasks:
            task = dict(task)
            nested = task.get("for_each_task", {}).get("task")
            for piece in (task, nested):
                if piece and "code" in piece:
                    (root / piece["spark_python_task"]["python_file"]).write_text(piece.pop("code"))
            written.append(task)
        resources[name] = {"name": name, "environments": ENVIRONMENTS, "tasks": written, **job_settings}
    bundle = {
        "bundle": {"name": "trips"},
        "targets": {"local": {"default": True}},
        "resources": {"jobs": resources},
    }
    (root / "databricks.yml").write_text(json.dumps(bundle, indent=1))
    return root


def results(run: dict[str, Any]) -> dict[str, str]:
    """Task -> result of its newest attempt, from a run's JSON."""
    return {task["task_key"]: task["state"].get("result_state") for task in run["tasks"]}
