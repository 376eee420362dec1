"""Schedules on what a run really has: Delta tables as the ledger, a gateway that is a process, HTTP between them."""

import os
from pathlib import Path
from urllib.parse import urlparse

import pytest

from payouts.ledger import DeltaLedger
from tests.faults.delta_design import OursOnDelta
from tests.faults.harness.play import play
from tests.faults.harness.sandbox import sandbox_bank
from tests.faults.harness.schedules import schedule

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
SCHEDULES = int(os.environ.get("DELTA_SCHEDULES", "10"))  # more on request


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(2, SCHEDULES + 1))]
)
def test_a_schedule_on_delta_tables_breaks_no_promise(spark, tmp_path, seed):
    schema = f"faults_{seed}"
    spark.sql(f"CREATE SCHEMA {schema}")
    ledger = DeltaLedger(spark, "spark_catalog", schema)
    ledger.create()
    location = spark.sql(f"DESCRIBE DETAIL {ledger.name('settlements')}").first()["location"]
    folder = Path(urlparse(location).path).parent
    with sandbox_bank(tmp_path) as bank:
        played = play(schedule(seed), lambda market, gateway: OursOnDelta(market, gateway, ledger, folder), bank)
    spark.sql(f"DROP SCHEMA {schema} CASCADE")
    assert played.violations == (), "\n".join(played.story)
    assert any("accepted: " in line for line in played.story)
