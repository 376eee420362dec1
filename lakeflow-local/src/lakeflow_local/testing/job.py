"""A job of a bundle, as the fixture `job` of the pytest plugin gives it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model.spec import JobSpec
from lakeflow_local.jobs.simulate.script import Jobs, Outcome, Script
from lakeflow_local.jobs.simulate.simulate import Simulation, simulate

# What a bundle's folder holds that no run needs, or that belongs to other runs.
_NOT_COPIED = (".lakeflow", ".git", ".venv*", "venv", ".databricks", "__pycache__", ".*_cache", ".hypothesis")


class JobUnderTest:
    """Simulates runs of the job, or plays one in a copy of the bundle."""

    def __init__(
        self,
        spec: JobSpec,
        root: Path | None = None,
        target: str | None = None,
        folder: Path | None = None,
        jobs: Jobs = lambda job_id: None,
    ) -> None:
        """
        Args:
            spec: the job.
            root: the bundle's folder.
            target: the bundle's target.
            folder: where a copy of the bundle may be made.
            jobs: finds the jobs that it runs; those that are not found succeed unless told otherwise.
        """
        self.spec = spec
        self._jobs = jobs
        self._root, self._target, self._folder = root, target, folder

    def simulate(
        self,
        outcomes: Mapping[str, Outcome] | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        values: Mapping[str, Mapping[str, Any]] | None = None,
        outputs: Mapping[str, Mapping[str, Any]] | None = None,
        seconds: Mapping[str, float] | None = None,
        only: Sequence[str] = (),
        cancel_after: float | None = None,
        serverless_retries: str = "documented",
        trigger_time: int = 0,
    ) -> Simulation:
        """Simulate a run; nothing is started.

        Args:
            outcomes: per task "success" (where nothing is said), "failed", "timed_out", "canceled", "excluded" or
                "disabled", or a list with one for each attempt; per condition task "true", "false" (where nothing is
                said, its operands decide), "failed" or "disabled". A run-job task of which nothing is said ends as the
                run of its job does, whose tasks are called `<task>/<task of that job>`, here and in what follows.
            parameters: job parameters; those left out have their defaults.
            values: per task the task values that it sets before it succeeds.
            outputs: per task what `{{tasks.<key>.output.…}}` shows after it has succeeded.
            seconds: per task how long an attempt takes by the run's own clock.
            only: task keys of a partial run.
            cancel_after: seconds until somebody cancels the run.
            serverless_retries: "documented" or "off".
            trigger_time: when the run begins, epoch milliseconds.

        Raises:
            ChoiceError: an unknown task or parameter, or an outcome that a task cannot have.
        """
        script = Script(
            outcomes=outcomes or {},
            values=values or {},
            outputs=outputs or {},
            seconds=seconds or {},
            cancel_after=cancel_after,
        )
        return simulate(
            self.spec,
            script,
            self._jobs,
            parameters=parameters or {},
            only=only,
            serverless_retries=serverless_retries,
            trigger_time=trigger_time,
        )

    def run(self, parameters: Mapping[str, str] | None = None, *, only: Sequence[str] = ()) -> dict[str, Any]:
        """Play a run to its end, by `lakeflow-local run` in a copy of the bundle: the tasks do their work there.

        Intervals between attempts are not waited for.

        Args:
            parameters: job parameters; those left out have their defaults.
            only: task keys of a partial run.

        Returns:
            The run as `GET /api/2.2/jobs/runs/get` gives it.

        Raises:
            UserError: the job cannot run.
        """
        assert self._root is not None and self._folder is not None
        copy = self._folder / "bundle"
        if not copy.exists():
            shutil.copytree(self._root, copy, ignore=shutil.ignore_patterns(*_NOT_COPIED))
        line = [sys.executable, "-m", "lakeflow_local.cli", "run", self.spec.key, "-o", "json", "--retry-wait", "none"]
        line += ["-t", self._target] if self._target else []
        for name, value in (parameters or {}).items():
            quoted = f"{name}={value}".replace('"', '""')
            line += ["--params", f'"{quoted}"' if "=" in value else f"{name}={value}"]
        line += ["--only", ",".join(only)] if only else []
        done = subprocess.run(line, cwd=copy, capture_output=True, text=True, check=False)
        if not done.stdout.strip():
            raise UserError(done.stderr.strip().splitlines()[-1].removeprefix("Error: "))
        return json.loads(done.stdout)
