"""Made-up files are settled on a real workspace, and a broken file closes the gate."""

import io
from datetime import timedelta
from typing import Any

import pytest
from databricks.sdk.errors import OperationFailed
from databricks.sdk.service.jobs import Run

pytestmark = [pytest.mark.workspace, pytest.mark.timeout(3 * 3600)]

LIMIT = timedelta(hours=1)


def run(deployed: Any, job: str) -> Run:
    """Runs a job to its end, whatever that is."""
    waiting = deployed.client.jobs.run_now(int(deployed.id("jobs", job)))
    try:
        return waiting.result(timeout=LIMIT)
    except OperationFailed:
        return deployed.client.jobs.get_run(waiting.run_id)


def states(ended: Run) -> dict[str, str]:
    return {task.task_key: task.state.result_state.value for task in ended.tasks if task.state.result_state}


def test_made_up_files_are_settled_and_a_broken_file_closes_the_gate(deployed: Any) -> None:
    seeded = run(deployed, "seed_landing")
    assert seeded.state.result_state.value == "SUCCESS"

    settled = run(deployed, "daily_payouts")
    assert settled.state.result_state.value == "SUCCESS", states(settled)
    assert states(settled)["assert_settled"] == "SUCCESS"

    broken = io.BytesIO(b'{"order_id": "truncated\n' * 100)
    spec = deployed.client.pipelines.get(deployed.id("pipelines", "payouts")).spec
    deployed.client.files.upload(
        f"{spec.configuration['payouts.landing_path']}/orders/broken.json", broken, overwrite=False
    )
    held = run(deployed, "daily_payouts")
    assert held.state.result_state.value == "FAILED", states(held)
    assert states(held)["hold_payouts"] == "FAILED"
    assert states(held).get("prepare_batches") != "SUCCESS"
