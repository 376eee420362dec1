"""What was deployed, in place of what a bundle says: jobs, pipelines and schemas by the ids that the API gave them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from lakeflow_local.api.state.store import Store
from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model.reading import read_job
from lakeflow_local.jobs.model.spec import JobSpec, SpecError
from lakeflow_local.jobs.tasks.checks import referenced_key
from lakeflow_local.jobs.tasks.localpaths import LocalPaths
from lakeflow_local.settings import load_settings
from lakeflow_local.workspace.admission import DEPLOYED
from lakeflow_local.workspace.definitions import Definitions


class DeployedBundle:
    """What of a bundle its runs ask for, as the API has it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Jobs and pipelines by their ids; schemas by their names, so that Spark knows them."""
        return {
            "jobs": {str(job["job_id"]): job["settings"] for job in self._store.all("job")},
            "pipelines": {doc["pipeline_id"]: doc["settings"] for doc in self._store.all("pipeline")},
            "schemas": {f"{doc['catalog_name']}.{doc['name']}": doc for doc in self._store.all("schema")},
            "volumes": {},
        }

    @property
    def config(self) -> dict[str, Any]:
        """Where catalogs may be named."""
        return {"resources": self.resources}

    def resource(self, kind: str, key: str) -> dict[str, Any]:
        """One resource."""
        return dict(self.resources[kind][key])

    def resolve(self, value: Any) -> Any:
        """What was deployed holds no references any more."""
        return value


class Deployed(Definitions):
    """The jobs of the local workspace."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.variables = {}
        self.settings = load_settings(root)
        self._store = Store(root / ".lakeflow" / "api" / "state.db")
        self.bundle = DeployedBundle(self._store)  # type: ignore[assignment]
        self._ids: dict[str, int] = {}

    def reload(self) -> None:
        """A run uses what was deployed when it began."""

    @property
    def target(self) -> str:
        """What stands in the history where runs of a checkout have their target."""
        return DEPLOYED

    @property
    def paths(self) -> LocalPaths:
        """Where the files of the workspace are on this machine."""
        return LocalPaths(self.root, workspace=self.workspace)

    @property
    def workspace(self) -> Path:
        """What `/Workspace` is on this machine."""
        return self.root / ".lakeflow" / "api" / "Workspace"

    def spec_of_run(self, row: Mapping[str, Any], settings: Mapping[str, Any] | None) -> JobSpec:
        """The job of a run on record: as it was when the run was asked for, or with other settings."""
        self._ids[row["key"]] = row["job_id"]
        return self._read(row["key"], json.loads(row["source"]) if settings is None else settings)

    def job(self, key: str) -> JobSpec:
        """A job by its id."""
        settings = self.jobs.get(key)
        if settings is None:
            raise UserError(f"Job {key} does not exist.")
        name = str(settings.get("name") or "Untitled")
        if self._ids.get(name, int(key)) != int(key):
            name = f"{name} ({key})"  # two jobs of one name in one run
        self._ids[name] = int(key)
        return self._read(name, settings)

    def job_of_task(self, text: str) -> JobSpec:
        """The job that a run-job task names."""
        return self.job(referenced_key(text, "jobs", self.jobs))

    def job_id(self, key: str) -> int:
        """The id of a job that was looked up here."""
        return self._ids[key]

    def _tell_fields_of(self, checked: set[str], warn: Any) -> None:
        """Say nothing: whoever deploys has the bundle and its checks."""

    def located(self, error: SpecError) -> UserError:
        """An error of a job; what was deployed has no file and line."""
        return UserError(error.message)

    def _read(self, key: str, settings: Mapping[str, Any]) -> JobSpec:
        try:
            return read_job(key, {"queue": {"enabled": True}, **settings})
        except SpecError as error:
            raise self.located(error) from None
