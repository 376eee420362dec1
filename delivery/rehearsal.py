"""Runs the job in staging on made-up data, through the SDK, and judges what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import OperationFailed
from databricks.sdk.service.sql import StatementState

from delivery.databricks import Databricks
from delivery.errors import DeliveryError

LIMIT = timedelta(hours=1)
SEED, JOB = "seed_landing", "daily_payouts"
NOT_TAKEN = "hold_payouts"  # the branch of a closed gate
# The newest closing balance: is there one, does it balance, and was anything paid at all?
BALANCE = """
SELECT count(*) AS figures,
  coalesce(sum(CASE WHEN balanced THEN 0 ELSE 1 END), 0) AS unbalanced,
  (SELECT count(*) FROM {ledger}.payout_events WHERE event = 'CONFIRMED') AS confirmed
FROM {ledger}.closing_balances
WHERE closed_at = (SELECT max(closed_at) FROM {ledger}.closing_balances)
"""


def rehearse(databricks: Databricks) -> str:
    """Seeds, settles and judges. What it found, in one line.

    Raises:
        DeliveryError: a run did not end well, or the ledger does not balance.
    """
    # The deployed resources, with their ids and the names that the target gave them.
    summary = json.loads(databricks.bundle("summary", "-o", "json"))
    client = WorkspaceClient()
    ids = {key: int(job["id"]) for key, job in summary["resources"]["jobs"].items()}
    if (seeded := run(client, ids[SEED])).get("state", {}).get("result_state") != "SUCCESS":
        raise DeliveryError(f"{SEED} ended with {seeded.get('state')}: {seeded.get('run_page_url')}")
    settled = run(client, ids[JOB])
    if wrong := problems(settled, databricks.release.manifest.commit, client.jobs.get(ids[JOB]).as_dict()):
        raise DeliveryError(f"{JOB} in {databricks.target}: {'; '.join(wrong)}: {settled.get('run_page_url')}")
    figures = balance(client, summary)
    if wrong := balance_problems(figures):
        raise DeliveryError(f"the ledger in {databricks.target}: {'; '.join(wrong)}")
    found = f"{figures['figures']} figures balance, {figures['confirmed']} payouts are confirmed"
    return f"run {settled['run_id']} is green: {found}"


def run(client: WorkspaceClient, job_id: int) -> dict[str, Any]:
    """Runs a job to its end, whatever that is."""
    waiting = client.jobs.run_now(job_id)
    try:
        return waiting.result(timeout=LIMIT).as_dict()
    except OperationFailed:
        return client.jobs.get_run(waiting.run_id).as_dict()


def problems(settled: Mapping[str, Any], commit: str, job: Mapping[str, Any]) -> list[str]:
    """What speaks against a run: its result, a task's result, or the commit that the job carries."""
    found = []
    if (result := settled.get("state", {}).get("result_state")) != "SUCCESS":
        found.append(f"the run is {result}")
    tasks = settled.get("tasks") or []
    results = {task["task_key"]: task.get("state", {}).get("result_state") for task in tasks}
    if NOT_TAKEN not in results:
        found.append(f"no task {NOT_TAKEN}: is this the job of the bundle?")
    expected = {key: "EXCLUDED" if key == NOT_TAKEN else "SUCCESS" for key in results}
    found += [f"{key} is {results[key]}, must be {expected[key]}" for key in results if results[key] != expected[key]]
    if (carried := (job.get("settings", {}).get("tags") or {}).get("git_commit")) != commit:
        found.append(f"the job carries commit {carried}, released was {commit}")
    return found


def balance(client: WorkspaceClient, settings: Mapping[str, Any]) -> dict[str, int]:
    """The figures of the newest closing balance, by a SQL warehouse."""
    ledger = settings["resources"]["schemas"]["ledger"]
    name = f"`{ledger['catalog_name']}`.`{ledger['name']}`"
    warehouse = settings["variables"]["warehouse_id"]["value"]
    answer = client.statement_execution.execute_statement(BALANCE.format(ledger=name), warehouse, wait_timeout="50s")
    if answer.status is None or answer.status.state != StatementState.SUCCEEDED or answer.result is None:
        raise DeliveryError(f"the ledger could not be read: {answer.status}")
    row = (answer.result.data_array or [[]])[0]
    return dict(zip(("figures", "unbalanced", "confirmed"), map(int, row), strict=True))


def balance_problems(figures: Mapping[str, int]) -> list[str]:
    """What speaks against a closing balance."""
    found = [] if figures["figures"] else ["there is no closing balance"]
    found += [f"{figures['unbalanced']} figures do not balance"] if figures["unbalanced"] else []
    return found + ([] if figures["confirmed"] else ["nobody was paid, so nothing was shown"])
