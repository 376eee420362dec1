"""What checking costs: a generated bundle of 50 jobs and 1,000 tasks, and how its resolution compares with the CLI's.

The CLI is compared with where a `databricks` is on the PATH; it asks a workspace on this machine that answers at once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import compare, show, timed

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "bundle"))

JOBS, TASKS, TURNS = 50, 20, 5
ROOT = """bundle:
  name: many_jobs
include:
  - resources/*.yml
variables:
  catalog:
    default: main
targets:
  dev:
    default: true
    mode: development
  prod:
    mode: production
    workspace:
      root_path: /Workspace/Applications/many_jobs
"""
HEAD = """resources:
  jobs:
    job_{job}:
      name: job_{job}
      parameters:
        - name: day
          default: "2026-01-01"
      environments:
        - environment_key: default
          spec:
            environment_version: "3"
      tasks:
"""
TASK = """        - task_key: task_{task}
          {depends}notebook_task:
            notebook_path: ../src/load.py
            base_parameters:
              catalog: ${{var.catalog}}
              day: "{{{{job.parameters.day}}}}"
          environment_key: default
          timeout_seconds: 600
"""


def write_bundle(root: Path) -> None:
    """The generated bundle, each job with a chain of tasks in a file of its own."""
    for folder in ("src", "resources"):
        (root / folder).mkdir()
    (root / "databricks.yml").write_text(ROOT)
    (root / "src" / "load.py").write_text("# Databricks notebook source\nprint('loaded')\n")
    for job in range(JOBS):
        text = HEAD.format(job=job)
        for task in range(TASKS):
            depends = f"depends_on:\n            - task_key: task_{task - 1}\n          " if task else ""
            text += TASK.format(task=task, depends=depends)
        (root / "resources" / f"job_{job}.job.yml").write_text(text)


def command(root: Path, *arguments: str) -> float:
    """Seconds of a command of lakeflow-local, the start of Python included."""
    words = [sys.executable, "-m", "lakeflow_local.cli", *arguments]
    return timed(lambda: subprocess.run(words, cwd=root, check=True, capture_output=True, env=os.environ.copy()))


def main() -> None:
    """Measure in turns, so that a busy moment of the machine touches both sides."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "bundle"
        root.mkdir()
        write_bundle(root)
        print(f"(e) a bundle of {JOBS} jobs and {JOBS * TASKS:,} tasks")
        show("check", [command(root, "check") for _ in range(TURNS)])
        against_the_cli(root)


def against_the_cli(root: Path) -> None:
    """`validate -o json` of both, in turns."""
    from mock_workspace import MockWorkspace, has_cli

    if not has_cli():
        show("validate -o json", [command(root, "validate", "-o", "json") for _ in range(TURNS)])
        print("    no `databricks` on the PATH to compare with")
        return
    ours, theirs = [], []
    with MockWorkspace() as workspace:
        for _ in range(TURNS):
            ours.append(command(root, "validate", "-o", "json"))
            theirs.append(timed(lambda: workspace.validate(root)))
    show("validate -o json", ours)
    show("databricks bundle validate -o json", theirs)
    compare("ours beside the CLI's", ours, theirs)


if __name__ == "__main__":
    main()
