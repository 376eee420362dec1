"""The code that deployed runs execute: each task has the wheels and folders that its environment names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lakeflow_local.jobs.model.spec import JobSpec
from lakeflow_local.jobs.tasks.context import CodeOf
from lakeflow_local.jobs.tasks.python import PythonExecutor, PythonPlace
from lakeflow_local.platform_paths import deployed_imports
from lakeflow_local.workspace.facilities import Facilities


class DeployedFacilities(Facilities):
    """As those of a checkout, but for where code comes from."""

    def announce(self) -> None:
        """Tell the process what runs; it shows that as its target."""
        if self._attachment is not None:
            self._attachment.target(self._definitions.target)

    def update(self, key: str, options: Mapping[str, Any], listener: Callable[[Any], None]) -> Any:
        """Run one update of a deployed pipeline in the process's Spark session."""
        from lakeflow_local.api.pipelines.play import run_update

        server = self._ready_spark().ensure()
        assert self._attachment is not None
        return run_update(
            self._definitions.root, key, options, listener, server=server, lock=self._attachment.exclusive
        )

    def _python(self, code_of: CodeOf, spec: JobSpec) -> PythonExecutor:
        return super()._python(lambda work: {**code_of(work), "code": self._code(work.task.source, spec)}, spec)

    def _place(self) -> PythonPlace:
        folder = self._definitions.root / ".lakeflow" / "api" / "driver"
        folder.mkdir(parents=True, exist_ok=True)
        return replace(super()._place(), folder=folder)

    def _secrets_file(self) -> Path | None:
        from lakeflow_local.api.secrets.file import secrets_file

        return secrets_file(self._definitions.root)

    def _code(self, task: Mapping[str, Any], spec: JobSpec) -> list[str]:
        """What a task may import besides the packages of this Python."""
        named: list[str] = []
        for environment in spec.source.get("environments") or []:
            if environment.get("environment_key") == task.get("environment_key"):
                named += (environment.get("spec") or {}).get("dependencies") or []
        for library in task.get("libraries") or []:
            if library.get("whl"):
                named.append(library["whl"])
        return deployed_imports.folders_of(named, Path(self._definitions.root), self._definitions.paths.local)
