"""What calls of the API cost, each figure with its spread: `python lakeflow-local/bench/api.py [--jobs N] [--runs N]`.

A bundle folder of its own with a warm process, asked over HTTP. Prints, never judges.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from measure import show, timed

SCRIPT = "/Workspace/Shared/no_op.py"


def job(number: int) -> dict[str, Any]:
    """A job of one task that does nothing."""
    task = {"task_key": "no_op", "spark_python_task": {"python_file": SCRIPT}}
    return {"name": f"job {number}", "tasks": [task], "tags": {"number": str(number)}}


def listed(api: httpx.Client) -> int:
    """How many jobs there are, all pages read."""
    count, token = 0, ""
    while True:
        page = api.get("/api/2.2/jobs/list", params={"limit": 100, "page_token": token}).json()
        count += len(page.get("jobs", []))
        token = page.get("next_page_token", "")
        if not token:
            return count


def until_first_task(api: httpx.Client, job_id: int) -> float:
    """Seconds from the request to the start of the first task, by the record."""
    run_id = api.post("/api/2.2/jobs/run-now", json={"job_id": job_id}).json()["run_id"]
    while True:
        run = api.get("/api/2.2/jobs/runs/get", params={"run_id": run_id}).json()
        if run["state"]["life_cycle_state"] in ("TERMINATED", "INTERNAL_ERROR"):
            if run["state"].get("result_state") != "SUCCESS":
                raise SystemExit(f"bench: {run['state']}")
            return float(run["tasks"][0]["start_time"] - run["start_time"]) / 1000
        time.sleep(0.02)


def main() -> None:
    """Measure in one process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lf-") as folder:
        root = Path(folder, "bundle")
        root.mkdir()
        (root / "databricks.yml").write_text("bundle: {name: bench}\ntargets: {local: {default: true}}\n")
        environment = {**os.environ, "XDG_RUNTIME_DIR": folder, "LAKEFLOW_LOCAL_WORKSPACE": "on"}
        command = [sys.executable, "-m", "lakeflow_local.cli", "workspace"]
        lines = subprocess.check_output([*command, "env"], cwd=root, env=environment, text=True).splitlines()
        found = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        try:
            headers = {"Authorization": f"Bearer {found['DATABRICKS_TOKEN']}"}
            with httpx.Client(base_url=found["DATABRICKS_HOST"], headers=headers, timeout=120) as api:
                measure(api, given.jobs, given.runs)
        finally:
            subprocess.run([*command, "stop"], cwd=root, env=environment, check=True)


def measure(api: httpx.Client, jobs: int, runs: int) -> None:
    """All figures."""
    api.post(f"/api/2.0/workspace-files/import-file{SCRIPT}", content=b"").raise_for_status()
    job_id = api.post("/api/2.2/jobs/create", json=job(0)).json()["job_id"]
    until_first_task(api, job_id)  # what is imported for the first time is imported now
    print("a deployed job of one Python task without Spark")
    show("run-now to its first task", [until_first_task(api, job_id) for _ in range(runs)])
    print(f"{jobs} jobs")
    start = listed(api)
    create = timed(lambda: [api.post("/api/2.2/jobs/create", json=job(n)).raise_for_status() for n in range(jobs)])
    show("created, one call each", [create])
    show("listed, in pages of 100", [timed(lambda: listed(api)) for _ in range(3)])
    show(
        "read, one call each",
        [timed(lambda: [api.get("/api/2.2/jobs/get", params={"job_id": job_id}) for _ in range(jobs)])],
    )
    assert listed(api) == start + jobs


if __name__ == "__main__":
    main()
