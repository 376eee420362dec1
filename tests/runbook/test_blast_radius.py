"""What a rerun of each task touches, measured on real runs, is what docs/runbook.md says."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.runbook.office import Ended, Office

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive, pytest.mark.timeout(3600)]  # it repairs each task of three runs
PAGE = Path(__file__).parents[2] / "docs/runbook.md"
DAILY = ("refresh_pipeline", "assess_quality", "quality_gate", "hold_payouts")
DAILY += ("prepare_batches", "submit_batches", "reconcile", "closing_balance", "assert_settled")
BACKFILL = ("list_settlement_dates", "settle_dates")
VERBS = (
    ("appends to", ("WRITE Append", "STREAMING UPDATE")),
    ("merges into", ("MERGE",)),
    ("rewrites", ("WRITE Overwrite", "REPLACE TABLE AS SELECT", "CREATE OR REPLACE TABLE AS SELECT")),
)


def rerun_alone(office: Office, run: Ended, tasks: tuple[str, ...]) -> dict[str, str]:
    """Repairs one task after the other, each without those that depend on it: task -> what that touched."""
    return {task: _touched(office, run.run_id, task) for task in tasks}


def _touched(office: Office, run_id: int, task: str) -> str:
    commits, requests = office.commits(), office.requests()
    repaired = office.repair(run_id, task, dependents=False)
    said = []
    if (update := _update(repaired, task)) is not None:
        computed = sum(not dataset["up_to_date"] for dataset in update["datasets"])
        said.append(f"recomputes {computed} of {len(update['datasets'])} datasets")
    new = {table: found[len(commits.get(table, [])) :] for table, found in office.commits().items()}
    for verb, operations in VERBS:
        tables = [f"`{table}`" for table, found in new.items() if any(operation in operations for operation in found)]
        said += [f"{verb} {', '.join(tables)}"] if tables else []
    unknown = {operation for found in new.values() for operation in found} - {o for _, of in VERBS for o in of}
    assert not unknown, f"{task} made commits that the table has no word for: {unknown}"
    new_requests: Counter[str] = office.requests() - requests
    said += [
        f"{calls} {what}" for what, calls in (("asked", new_requests["asked"]), ("sent", new_requests["sent"])) if calls
    ]
    return "; ".join(said) or "nothing"


def _update(run: Ended, task: str) -> dict | None:
    newest = [found for found in run.run["tasks"] if found["task_key"] == task][-1]
    return newest.get("update")


def red_run(office: Office) -> Ended:
    """A run that met no gateway; now the gateway is back, and an order of the same day has landed late."""
    day = office.next_day()
    office.goes_down()
    run = office.run(settlement_date=day)
    office.comes_back()
    assert not run.is_green
    assert office.paid(day) == {}
    office.land_order(day, "30.00")
    return run


def test_the_page_says_what_a_rerun_of_each_task_touches(office: Office):
    day = office.next_day()
    daily = office.run(settlement_date=day)
    assert daily.is_green, daily.results
    backfill = office.run("backfill_settlement", from_date=day, to_date=day)
    assert backfill.is_green, backfill.results
    green = rerun_alone(office, daily, DAILY) | rerun_alone(office, backfill, BACKFILL)
    assert office.requests()["sent"] == len(office.paid(day)) == 2  # by the first run alone
    red = dict.fromkeys(BACKFILL, "not measured") | rerun_alone(office, red_run(office), DAILY)
    assert office.run(settlement_date=office.next_day()).is_green  # the late orders are paid: nothing stays open
    measured = [f"| `{task}` | {green[task]} | {red[task]} |" for task in (*DAILY, *BACKFILL)]

    section = PAGE.read_text().partition("## What a rerun touches")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `.*\|$", section, re.MULTILINE) == measured, "\n" + "\n".join(measured)
