"""A small marketplace in a copy of the bundle, whose real jobs run with one Spark: what an operator of a laptop has.

The jobs run in a process of their own, because a process has one Spark session and the test run has its own.
"""

import json
import multiprocessing
import re
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx

from recount import SOURCES, delta
from tests.recount.samples import order, seller

ROOT = Path(__file__).parents[2]
COPIED = ("databricks.yml", "pyproject.toml", "resources", "targets", "pipelines", "src")
ACCOUNT = "DE89370400440532013000"
_stack = ExitStack()


@dataclass(frozen=True)
class Ended:
    """A run as the API shows it."""

    run: Mapping[str, Any]
    is_green: bool

    @property
    def run_id(self) -> int:
        return self.run["run_id"]

    @property
    def results(self) -> dict[str, str]:
        """Per task its newest result."""
        return {task["task_key"]: task["state"].get("result_state", "") for task in self.run["tasks"]}


class Office:
    """The copy, and what can be seen from outside: landing files, raw tables, the gateway's store and its requests."""

    def __init__(self, root: Path, pool: ProcessPoolExecutor):
        self.root, self.state = root, root / ".lakeflow"
        self._pool = pool
        self._day = date(2026, 1, 1)
        self._files = 0
        for source in SOURCES:
            (self.state / "landing" / source).mkdir(parents=True)

    # What arrives

    def land(self, source: str, *rows: Mapping[str, Any]) -> Path:
        """Lands a file of rows."""
        self._files += 1
        path = self.state / "landing" / source / f"{self._files:04}.json"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    def next_day(self, *gross: str) -> str:
        """A new business day on which s1, s2, … deliver an order each; the fee is 10 %. Its date."""
        self._day += timedelta(days=1)
        day = self._day.isoformat()
        amounts = enumerate(gross or ("100.00", "200.00"), 1)
        self.land("orders", *(order(f"{day}/{n}", "delivered", day, amount, f"s{n}") for n, amount in amounts))
        return day

    def land_order(self, day: str, gross: str) -> None:
        """One more order that s1 delivered on that day."""
        self.land("orders", order(f"{day}/late", "delivered", day, gross))

    # What an operator does

    def run(self, key: str = "daily_payouts", **parameters: str) -> Ended:
        """`lakeflow-local run KEY --params …`."""
        return Ended(*self._pool.submit(_run, key, parameters).result())

    def repair(self, run_id: int, *tasks: str, dependents: bool = True, **parameters: str) -> Ended:
        """`lakeflow-local repair RUN_ID --rerun-tasks … [--rerun-dependent-tasks] [--params …]`."""
        return Ended(*self._pool.submit(_repair, run_id, tasks, dependents, parameters).result())

    def refresh(self, **options: Any) -> dict[str, Any]:
        """`lakeflow-local run payouts …`: one update of the pipeline."""
        return self._pool.submit(_refresh, options).result()

    # What the gateway does and has seen

    def fault(self, **fault: Any) -> None:
        """Asks the gateway for a fault."""
        self._control("POST", json=fault)

    def goes_down(self) -> None:
        """From now on every send and every question is refused."""
        for call in ("send", "ask"):
            self.fault(kind="error_before", call=call, times=None)

    def comes_back(self) -> None:
        """No faults any more."""
        self._control("DELETE")

    def _control(self, method: str, **request: Any) -> None:
        url = self._pool.submit(_gateway_url).result()
        token = json.loads((self.state / "secrets.json").read_text())["payouts"]["gateway_token"]
        headers = {"Authorization": f"Bearer {token}"}
        httpx.request(method, f"{url}/faults", headers=headers, timeout=10, **request).raise_for_status()

    def requests(self) -> Counter[str]:
        """How many requests the gateway has had: `sent` a payout, `asked` about one."""
        log = self.state / "logs" / "service-gateway.log"
        calls = re.findall(r"(POST /payouts|GET /payouts/\w+) HTTP", log.read_text())
        return Counter("sent" if call.startswith("POST") else "asked" for call in calls)

    def paid(self, day: str) -> dict[str, str]:
        """What the gateway accepted under the keys of a day: seller -> amount."""
        return {seller_id: amount for seller_id, amount, _ in self._accepted(day)}

    def paid_to(self, day: str) -> dict[str, str]:
        """The accounts that it went to: seller -> account."""
        return {seller_id: account for seller_id, _, account in self._accepted(day)}

    @contextmanager
    def payout_by_somebody_else(self, seller_id: str, amount: str) -> Iterator[None]:
        """A payout on the gateway's statement that no claim stands for, until the gateway takes it back."""
        key = "f" * 64
        row = (key, seller_id, "EUR", amount, ACCOUNT, "2025-12-31", "accepted", None, "2026-01-01T00:00:00+00:00")
        self._in_store("INSERT INTO payouts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)
        yield
        self._in_store("DELETE FROM payouts WHERE effect_key = ?", key)

    def _in_store(self, statement: str, *values: str | None) -> None:
        with sqlite3.connect(self.state / "gateway.db", timeout=30) as store:
            store.execute(statement, values)
        store.close()

    def _accepted(self, day: str) -> list[tuple[str, str, str]]:
        query = (
            "SELECT seller_id, amount, payout_account FROM payouts WHERE settlement_date = ? AND status = 'accepted'"
        )
        with sqlite3.connect(self.state / "gateway.db") as store:
            rows = store.execute(query, (day,)).fetchall()
        store.close()
        return rows

    # What lies in the tables

    def unbalanced(self) -> set[tuple[str, str | None]]:
        """Key and currency of what does not balance in the newest closing balance."""
        figures = self.rows("ledger.closing_balances")
        newest = max(row["closed_at"] for row in figures)
        return {(row["key"], row["currency"]) for row in figures if row["closed_at"] == newest and not row["balanced"]}

    def rows(self, table: str) -> list[dict]:
        """All rows of `schema.table`, read without Spark."""
        return delta.read(self._warehouse(table))

    def commits(self) -> dict[str, list[str]]:
        """Per table (`schema.table`) the operation of every commit, oldest first: its versions."""
        found = {}
        for log in sorted((self.state / "warehouse").glob("*/*/_delta_log")):
            found[f"{log.parents[1].name}.{log.parent.name}"] = [
                _operation(path) for path in sorted(log.glob("*.json"))
            ]
        return found

    def _warehouse(self, table: str) -> Path:
        return self.state.joinpath("warehouse", *table.split("."))


def _operation(commit: Path) -> str:
    actions = map(json.loads, commit.read_text().splitlines())
    info = next(action["commitInfo"] for action in actions if "commitInfo" in action)
    return " ".join([info["operation"], str(info.get("operationParameters", {}).get("mode", ""))]).strip()


@contextmanager
def open_office(root: Path) -> Iterator[Office]:
    """A copy of the bundle with two sellers, and its own process for the runs."""
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_open, initargs=(str(root),)) as pool:
        office = Office(root, pool)
        office.land("sellers", *(seller(f"s{n}", "2025-12-01", payout_account=f"{ACCOUNT}{n}") for n in (1, 2)))
        try:
            yield office
        finally:
            pool.submit(_close).result()


# In the process of the runs


def _open(root: str) -> None:
    global _workspace
    from lakeflow_local import LocalWorkspace

    sys.stdout = sys.stderr = open(Path(root, "terminal.log"), "a", buffering=1)  # noqa: SIM115
    _workspace = _stack.enter_context(LocalWorkspace(Path(root), "local", messages=print))


def _close() -> None:
    _stack.close()


def _run(key: str, parameters: Mapping[str, str]) -> tuple[dict, bool]:
    report = _workspace.run_job(key, parameters)
    return report.as_dict(), report.is_green


def _repair(run_id: int, tasks: tuple[str, ...], dependents: bool, parameters: Mapping[str, str]) -> tuple[dict, bool]:
    report = _workspace.repair(run_id, rerun_tasks=tasks, rerun_dependent_tasks=dependents, parameters=parameters)
    return report.as_dict(), report.is_green


def _refresh(options: Mapping[str, Any]) -> dict[str, Any]:
    return _workspace.run_pipeline("payouts", **options).update


def _gateway_url() -> str:
    return _workspace.bundle.resolve("${var.gateway_url}")
