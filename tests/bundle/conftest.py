"""What the tests of the bundle look at: the resolved targets, and the YAML as it is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TARGETS = ("local", "dev", "staging", "prod")


@dataclass(frozen=True)
class TaskOfJob:
    """A task with where it stands.

    Attributes:
        job: Key of the job.
        spec: The task as resolved.
        parent: The for-each task that runs it, or None.
    """

    job: str
    spec: dict[str, Any]
    parent: dict[str, Any] | None = None

    @property
    def key(self) -> str:
        return self.spec["task_key"]

    @property
    def is_side_effect(self) -> bool:
        return self.spec.get("description", "").startswith("Side effect:")

    def __str__(self) -> str:
        return f"{self.job}.{self.key}"


def tasks_of(jobs: dict[str, Any]) -> Iterator[TaskOfJob]:
    """Every task of some jobs, the nested ones of for-each tasks among them."""
    for job, spec in jobs.items():
        for task in spec["tasks"]:
            yield TaskOfJob(job, task)
            if "for_each_task" in task:
                yield TaskOfJob(job, task["for_each_task"]["task"], parent=task)


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of databricks.yml."""
    return ROOT


@pytest.fixture(scope="session")
def resolve():
    """`resolve("prod")` is the configuration that `databricks bundle validate -t prod -o json` prints."""
    from lakeflow_local.bundle import load

    configs: dict[str, dict[str, Any]] = {}

    def of(target: str) -> dict[str, Any]:
        if target not in configs:
            configs[target] = load(ROOT, target).config
        return configs[target]

    return of


@pytest.fixture(scope="session", params=TARGETS)
def target(request) -> str:
    """Each target in turn."""
    return request.param


@pytest.fixture(scope="session")
def config(resolve, target) -> dict[str, Any]:
    """The resolved configuration of each target in turn."""
    return resolve(target)


@pytest.fixture(scope="session")
def jobs(config) -> dict[str, Any]:
    return config["resources"]["jobs"]


@pytest.fixture(scope="session")
def tasks(jobs) -> list[TaskOfJob]:
    """Every task of every job, the nested ones of for-each tasks among them."""
    return list(tasks_of(jobs))


@pytest.fixture(scope="session")
def staging_tasks(resolve) -> list[TaskOfJob]:
    """The tasks of the target that has every job, with the settings of production."""
    return list(tasks_of(resolve("staging")["resources"]["jobs"]))


@pytest.fixture(scope="session")
def sources() -> dict[str, dict[str, Any]]:
    """Every YAML file of the bundle as written, by its path."""
    paths = [ROOT / "databricks.yml", *sorted(ROOT.glob("targets/*.yml")), *sorted(ROOT.glob("resources/*.yml"))]
    return {path.relative_to(ROOT).as_posix(): yaml.safe_load(path.read_text()) for path in paths}
