"""A bundle whose runs have all that a page can show, and the page of a run."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from job_bundles import script, write_bundle

from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.model.state import RunOptions
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.report.contents import contents
from lakeflow_local.report.page import render
from lakeflow_local.report.redaction import Redactor
from lakeflow_local.workspace.workspace import LocalWorkspace

SECRET = 'tok"en-4711'

FLAKY = """
from pathlib import Path
from pyspark.dbutils import DBUtils
print("<script>alert('from a log')</script> & more")
DBUtils().jobs.taskValues.set("zones", ["<b>north</b>", "south"])
print(DBUtils().secrets.get("trips", "token"))
again = Path("tried")
if not again.exists():
    again.touch()
    raise ValueError("no <tickets> yet")
"""
STEP = """
import sys
print("zone", sys.argv[1])
if sys.argv[1] == "south" and sys.argv[2] == "0":
    raise ValueError("the south is closed")
"""


def write_trips(root: Path) -> Path:
    """Job daily: a task that needs a retry, a condition, a for-each whose second iteration fails until repaired."""
    step = script("step", STEP, parameters=["{{input}}", "{{job.repair_count}}"])
    del step["depends_on"]
    tasks = [
        script("flaky", FLAKY, max_retries=1),
        {
            "task_key": "is_open",
            "depends_on": [{"task_key": "flaky"}],
            "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"},
        },
        {
            "task_key": "zones",
            "depends_on": [{"task_key": "is_open", "outcome": "true"}],
            "for_each_task": {"inputs": '["<b>north</b>", "south"]', "concurrency": 1, "task": step},
        },
        script("closed", "", depends_on=[{"task_key": "is_open", "outcome": "false"}]),
        script("sum", "print('the sum')", "zones"),
    ]
    tasks[0]["email_notifications"] = {"on_success": ["rider@example.test"]}
    tasks[0]["description"] = "Counts <trips>."
    return write_bundle(root, {"daily": tasks}, parameters=[{"name": "city", "default": "Ulm"}])


def play(root: Path) -> None:
    """Run 1 fails in the south and is repaired; run 2 fails and stays so; run 3 is partial."""
    (root / "secrets.json").write_text('{"trips": {"token": "tok\\"en-4711"}}')
    (root / "pyproject.toml").write_text('[tool.lakeflow-local]\nsecrets_file = "secrets.json"\n')
    write_trips(root)
    with LocalWorkspace(root, warm=False, options=RunOptions(slots=2)) as workspace:
        workspace.run_job("daily", {"city": "Köln & Bonn"})
        workspace.repair(1, rerun_tasks=[], rerun_all_failed_tasks=True, parameters={})
        workspace.run_job("daily")
        workspace.run_job("daily", only=["sum"])


def update(
    number: int, *counts: tuple[int, int], state: str = "COMPLETED", error: str | None = None, rule: str = "fare_given"
) -> dict[str, Any]:
    """An update of pipeline rides with one dataset and one rule; `counts`: (passed, failed) or nothing."""
    rules = [
        {"name": rule, "dataset": "trips", "passed_records": passed, "failed_records": failed}
        for passed, failed in counts
    ]
    dataset: dict[str, Any] = {
        "name": "trips",
        "kind": "streaming_table",
        "state": state,
        "rows": 1200,
        "up_to_date": False,
    }
    dataset |= {
        "dropped_records": 3,
        "expectations": rules,
        "error": error,
        "warnings": ["slow <source>"],
        "seconds": 1.5,
    }
    return {
        "update_id": f"u-{number}",
        "pipeline": "rides",
        "state": state,
        "attempts": 1,
        "datasets": [dataset],
        "error": error,
        "seconds": 2.0,
    }


def record(store: RunStore, outcome: dict[str, Any], at: int) -> int:
    """Put a run of pipeline rides on record that ended with this update."""
    run_id, lock = store.create(kind="pipeline", key="rides", name="rides", job_id=0, target="local", source={}, at=at)
    result = Result.SUCCESS if outcome["state"] == "COMPLETED" else Result.FAILED
    store.finish_plain(run_id, result, outcome["error"] or "", at + 1, {"update": outcome})
    lock.release()
    return run_id


def page_of(store: RunStore, run_id: int, now: int = 10_000, *secrets: str) -> str:
    """The page of a run in a store."""
    found = contents(store, run_id, now)
    assert found is not None
    return render(found, Redactor(set(secrets)))


class Page(HTMLParser):
    """What a test wants to know of a page: its visible text, its tags, its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self._hidden = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden += tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        """All that can be read, in order."""
        return " ".join(self.words)

    def attributes(self, name: str) -> list[str]:
        """The values of an attribute, wherever it stands."""
        return [attrs[name] for _, attrs in self.tags if name in attrs]
