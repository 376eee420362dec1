"""What the bundle says about its jobs, read anew for each run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lakeflow_local.bundle import Bundle, load
from lakeflow_local.errors import ChoiceError, UserError
from lakeflow_local.jobs.model.reading import read_job
from lakeflow_local.jobs.model.spec import JobSpec, SpecError
from lakeflow_local.jobs.tasks.checks import referenced_key
from lakeflow_local.jobs.tasks.localpaths import LocalPaths
from lakeflow_local.settings import Settings, load_settings
from lakeflow_local.workspace.support import check_job, warnings_of, without_unsupported
from lakeflow_local.workspace.without_effect import fields_without_effect, line_of


class Definitions:
    """A bundle, resolved for a target.

    Attributes:
        root: its folder.
        variables: values as with `--var`; services add theirs.
        bundle: as it was read last.
        settings: of this tool, as they were read last.
    """

    def __init__(
        self,
        root: Path,
        target: str | None,
        variables: Mapping[str, str],
        *,
        skip_unsupported: bool = False,
        for_one_run: bool = False,
    ) -> None:
        self._skip_unsupported = skip_unsupported
        self._is_read_for_run = for_one_run
        self.root = root
        self.variables = dict(variables)
        self.bundle: Bundle = load(root, target, self.variables)
        self.settings: Settings = load_settings(root)

    def read_for_run(self) -> None:
        """Read the files again, but for the first run of a workspace that was opened for it."""
        if not self._is_read_for_run:
            self.reload()
        self._is_read_for_run = False

    def reload(self) -> None:
        """Read the files again."""
        self.bundle = load(self.root, self.bundle.target, self.variables)
        self.settings = load_settings(self.root)

    @property
    def target(self) -> str:
        """The target."""
        return self.bundle.target

    @property
    def jobs(self) -> Mapping[str, Any]:
        """The job resources."""
        return self.bundle.resources.get("jobs") or {}

    @property
    def pipelines(self) -> Mapping[str, Any]:
        """The pipeline resources."""
        return self.bundle.resources.get("pipelines") or {}

    @property
    def paths(self) -> LocalPaths:
        """Where the files of a deployment are on this machine."""
        return LocalPaths(
            self.root, (self.bundle.config.get("workspace") or {}).get("file_path"), self.bundle.sync_root
        )

    def job(self, key: str) -> JobSpec:
        """One job.

        Raises:
            UserError: there is none of that key, or it makes no sense.
        """
        spec = job_of(self.bundle, key)
        return without_unsupported(spec) if self._skip_unsupported else spec

    def job_of_task(self, text: str) -> JobSpec:
        """The job that a run-job task names."""
        return self.job(referenced_key(text, "jobs", self.jobs))

    def job_id(self, key: str) -> int:
        """The id of a job: the same for a bundle, target and key, always."""
        name = (self.bundle.config.get("bundle") or {}).get("name", "")
        digest = hashlib.sha256(f"{name}/{self.target}/{key}".encode()).digest()
        return int.from_bytes(digest[:6], "big")

    def check(self, spec: JobSpec, only: frozenset[str] | None, warn: Callable[[str], None]) -> None:
        """Refuse a job that cannot run here, and any job that it runs in turn.

        Args:
            spec: the job.
            only: the tasks that are to run, None for all.
            warn: takes what will surprise.

        Raises:
            UserError: with file and line.
        """
        checked: set[str] = set()
        waiting = [(spec, only)]
        while waiting:
            job, tasks = waiting.pop()
            if job.key in checked:
                continue
            checked.add(job.key)
            try:
                called = check_job(job, self.paths, jobs=self.jobs, pipelines=self.pipelines, only=tasks)
            except SpecError as error:
                raise self.located(error) from None
            for message, path in warnings_of(job):
                warn(f"warning: {self.located(SpecError(message, path))}")
            waiting += [(self.job(key), None) for key in called]
        self._tell_fields_of(checked, warn)

    def _tell_fields_of(self, checked: set[str], warn: Callable[[str], None]) -> None:
        """Say how many fields of these jobs, and of the pipelines that they refresh, have no effect here."""
        refreshed = {
            key
            for key in self.pipelines
            for job in checked
            if f"${{resources.pipelines.{key}.id}}" in str(self.bundle.resources["jobs"][job])
        }
        self.tell_fields([("jobs", key) for key in checked] + [("pipelines", key) for key in refreshed], warn)

    def tell_fields(self, used: list[tuple[str, str]], tell: Callable[[str], None]) -> None:
        """Say in one line how many fields of some jobs and pipelines, as (kind, key), have no effect here."""
        count = sum(len(fields_without_effect(self.bundle, kind, key)) for kind, key in used)
        if count:
            tell(line_of(count))

    def nothing_called(self, key: str) -> str:
        """What to say of a key that is neither a job nor a pipeline."""
        return _nothing_called(self.bundle, key)

    def located(self, error: SpecError) -> UserError:
        """An error of a job or pipeline with its file and line."""
        return _located(self.bundle, error)


def job_of(bundle: Bundle, key: str) -> JobSpec:
    """One job of a bundle.

    Raises:
        UserError: there is none of that key, or it makes no sense.
    """
    if key not in (bundle.resources.get("jobs") or {}):
        raise ChoiceError(_nothing_called(bundle, key))
    try:
        return read_job(key, bundle.resource("jobs", key))
    except SpecError as error:
        raise _located(bundle, error) from None


def called_job(bundle: Bundle, job_id: object) -> JobSpec | None:
    """The job that a run-job task names; None for one that lives in a workspace.

    Raises:
        UserError: it makes no sense.
    """
    try:
        key = referenced_key(job_id, "jobs", bundle.resources.get("jobs") or {})
    except UserError:
        return None
    return job_of(bundle, key)


def _nothing_called(bundle: Bundle, key: str) -> str:
    jobs, pipelines = (", ".join(bundle.resources.get(kind) or {}) or "none" for kind in ("jobs", "pipelines"))
    return f"the bundle has no job or pipeline {key!r}; jobs: {jobs}; pipelines: {pipelines}"


def _located(bundle: Bundle, error: SpecError) -> UserError:
    place = bundle.locate(error.path)
    if place is None:
        return UserError(error.message)
    return UserError(error.message, place.file, place.line)
