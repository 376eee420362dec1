"""Runs one version of a drill: its bundle, copied to a folder of its own, by the local runner."""

import json
import shutil
from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

from lakeflow_local import LocalWorkspace, Pipeline, RunOptions, Update

DRILLS = Path(__file__).parent
VERSIONS = ("trap", "rule")
NAMES = (
    "retry_until_green",
    "all_done_leaf",
    "quarantine_loses_nulls",
    "full_refresh",
    "one_notebook",
    "environment_in_code",
    "stale_evidence",
    "retries_multiply",
)
WITH_SPARK = frozenset({"quarantine_loses_nulls", "full_refresh"})
Figures = Mapping[str, str]


class Version:
    """The trap or the rule of a drill, ready to run.

    Attributes:
        root: Folder of its bundle.
        state: Folder that its tasks write to, given to each job as the parameter `state`.
        spark: The session of a drill that needs one.
        told: Whom the last run would have told of what.
    """

    def __init__(self, root: Path, workspace: LocalWorkspace, spark: Any):
        self.root, self.state = root, root / "state"
        self.spark, self._workspace = spark, workspace
        self.told: list[str] = []

    def run(self, job: str) -> dict[str, Any]:
        """Runs a job; the run as `lakeflow-local run -o json` prints it."""
        return self._ended(self._workspace.run_job(job, {"state": str(self.state)}))

    def repair(self, run: Mapping[str, Any], **how: Any) -> dict[str, Any]:
        """Repairs a run; failed tasks unless told otherwise."""
        return self._ended(self._workspace.repair(run["run_id"], **(how or {"rerun_all_failed_tasks": True})))

    def update(self, pipeline: str, **how: Any) -> Update:
        """Updates a pipeline.

        Raises:
            RuntimeError: The update failed.
        """
        resource = self._workspace.bundle.resource("pipelines", pipeline)
        update = Pipeline(resource, root=self.root, spark=self.spark).update(**how)
        if update.state != "COMPLETED":
            raise RuntimeError(f"{self.root.name}: update of {pipeline}: {update.error}")
        return update

    def schema(self, pipeline: str) -> str:
        """The schema of a pipeline."""
        return self._workspace.bundle.resource("pipelines", pipeline)["schema"]

    def lines(self, name: str) -> list[dict[str, Any]]:
        """What the tasks have written to a JSON lines file of `state`."""
        path = self.state / f"{name}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def money(self) -> Decimal:
        """What the bank has moved."""
        return sum((Decimal(line["amount"]) for line in self.lines("transfers")), Decimal("0.00"))

    def _ended(self, report: Any) -> dict[str, Any]:
        said = [str(notification) for notification in report.notifications]
        self.told = [line.removeprefix("would notify ").split(" by ")[0] for line in said]
        return report.as_dict()


def result(run: Mapping[str, Any]) -> str:
    """How a run ended."""
    return run["state"]["result_state"]


def attempts(run: Mapping[str, Any], task: str) -> int:
    """How often a task was tried."""
    return max(entry["attempt_number"] for entry in run["tasks"] if entry["task_key"] == task) + 1


def play(name: str, folder: Path, spark: Any = None) -> dict[str, Figures]:
    """Runs both versions of a drill in an empty folder.

    Args:
        spark: A session for the drills of `WITH_SPARK`.

    Returns:
        The figures of the trap and of the rule, by the same names.
    """
    module = import_module(f"drills.{name}.drill")
    figures: Callable[[Version], Figures] = module.figures
    target = getattr(module, "TARGET", "local")
    found = {}
    for version in VERSIONS:
        root = folder / version
        shutil.copytree(DRILLS / name / version, root, ignore=shutil.ignore_patterns("__pycache__"))
        if (root / "src").is_dir():
            shutil.copytree(DRILLS / "shared", root / "src", dirs_exist_ok=True)
        options = RunOptions(wait_for_retries=False)
        with LocalWorkspace(root, target, options=options, warm=False) as workspace:
            found[version] = figures(Version(root, workspace, spark))
    return found


def title(name: str) -> str:
    """The first line of a drill's README."""
    return (DRILLS / name / "README.md").read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
