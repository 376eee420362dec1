"""Calls the tasks in this process, with a stand-in for what the platform gives them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from pyspark.sql import SparkSession

from payouts.gateway import open_gateway
from payouts.ledger import DeltaLedger
from payouts.rules import RULES
from payouts.tasks import context
from payouts.tasks.closing import closing_balance
from payouts.tasks.tables import PipelineTables

from .tables import TIMEZONE
from .world import MINIMUMS

SMALLEST = [f"--minimum_payout_{currency.lower()}={amount}" for currency, amount in MINIMUMS.items()]


@dataclass
class Job:
    """The tasks of daily_payouts by their command lines; `values` are the task values that they have set."""

    spark: SparkSession
    folder: Path
    ledger: DeltaLedger
    pipeline_schema: str
    ledger_schema: str
    gateway: list[str]
    values: dict[str, object] = field(default_factory=dict)
    attempts: int = 0

    def task(self, name: str, *arguments: str) -> None:
        """Calls a task that touches no tables."""
        sys.argv = [name, *arguments]
        import_module(f"payouts.tasks.{name}").main()

    def _on_tables(self, name: str, *arguments: str) -> None:
        self.attempts += 1
        schemas = (f"--pipeline_schema={self.pipeline_schema}", f"--ledger_schema={self.ledger_schema}")
        attempt = ("--run_id=1", f"--attempt_key=1-0-{self.attempts}")
        self.task(name, "--catalog=spark_catalog", *schemas, *attempt, *arguments)

    def assess(self, settlement_date: str, *, accepted: int = 0, event_log: str = "") -> None:
        """Triggered when in Berlin the fourth of January has begun."""
        more = (f"--accepted_quarantined_rows={accepted}", f"--event_log={event_log}")
        thresholds = [f"--max_quarantined_{source}_percent=2" for source in RULES]
        trigger = ("--triggered_at=2026-01-03T23:30:00Z", f"--settlement_timezone={TIMEZONE}")
        self._on_tables("assess_quality", f"--settlement_date={settlement_date}", *trigger, *thresholds, *more)

    @property
    def day(self) -> str:
        return f"--settlement_date={self.values['settlement_date']}"

    def hold(self) -> None:
        verdict = f"--verdict={self.values['verdict']}"
        self._on_tables("hold_payouts", self.day, *self.gateway, f"--settlement_timezone={TIMEZONE}", verdict)

    def prepare(self) -> None:
        self._on_tables("prepare_batches", self.day, *self.gateway, *SMALLEST, "--cancel_claims=")

    def submit(self) -> None:
        for batch in self.values["batches"]:
            plan = f"--plan_id={self.values['plan_id']}"
            self._on_tables("submit_batch", self.day, *self.gateway, plan, f"--batch={batch}")

    def reconcile(self) -> None:
        self._on_tables("reconcile", *self.gateway)

    def assert_settled(self, state: str = "success") -> None:
        self._on_tables("assert_settled", self.day, f"--prepare_batches_state={state}")

    def close(self) -> None:
        self._on_tables("closing_balance", self.day, *self.gateway, f"--settlement_timezone={TIMEZONE}")

    def finish(self) -> None:
        self.reconcile()
        self.close()
        self.assert_settled()

    def run(self, settlement_date: str) -> None:
        """A run with an open gate."""
        self.assess(settlement_date)
        assert self.values["gate_open"] == "true"
        self.prepare()
        self.submit()
        self.finish()

    def balance(self) -> dict:
        """The closing balance of now, as the demo writes it."""
        tables = PipelineTables(self.spark, "spark_catalog", self.pipeline_schema)
        bank = open_gateway(self.gateway[0].partition("=")[2], token=str)
        return closing_balance(tables, self.ledger, self.ledger.settlements(), bank.statement, TIMEZONE).as_dict()


@contextmanager
def job_on(spark, folder: Path, name: str) -> Iterator[Job]:
    """A job with schemas of its own, a file gateway, and a ledger that goes on from test to test, as a real one."""
    pipeline_schema, ledger_schema = f"{name}_pipeline", f"{name}_ledger"
    for schema in (pipeline_schema, ledger_schema):
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    ledger = DeltaLedger(spark, "spark_catalog", ledger_schema)
    job = Job(
        spark,
        folder,
        ledger,
        pipeline_schema,
        ledger_schema,
        [f"--gateway_url=file:{folder}/gateway", "--gateway_secret_scope="],
    )
    values = SimpleNamespace(set=lambda key, value: job.values.__setitem__(key, value))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(context, "_dbutils", lambda: SimpleNamespace(jobs=SimpleNamespace(taskValues=values)))
        patch.setattr(sys, "argv", sys.argv)
        yield job
    for schema in (pipeline_schema, ledger_schema):
        spark.sql(f"DROP SCHEMA {schema} CASCADE")
