"""The same schedules against the sandbox gateway: a process of its own, HTTP, resets and time-outs that are real."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import httpx

from payouts.gateway import Payout, Reply
from payouts.gateway.http import HttpGateway
from payouts.ledger.protocol import Answer
from tests.faults.harness.bank import Line
from tests.faults.harness.steps import Fault, Outage, Refuse, Step

# What a schedule says, in the gateway's words. Without a network in between nothing arrives twice, and nothing is
# unreachable: those two are left out here.
KINDS = {
    "error_before": "error_before",
    "reset_before": "reset_before",
    "error_after": "error_after",
    "reset_after": "reset_after",
    "timeout": "accept_then_timeout",
    "late": "slow",
}
CLIENT_SECONDS, GATEWAY_SECONDS = 0.15, 0.4  # the client gives up long before the gateway answers
PATIENCE_SECONDS = 20


class SandboxBank:
    """The interface of `bank.Bank` in front of a running sandbox gateway."""

    def __init__(self, url: str, token: str):
        self.url, self.token = url, token
        self._client = HttpGateway(url, token, timeout=CLIENT_SECONDS)
        self._control = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_SECONDS
        )
        self._given_up: list[Payout] = []
        self.sent: list[Payout] = []

    def close(self) -> None:
        self._client.close()
        self._control.close()

    def take(self, step: Step) -> bool:
        """Passes a step on to the gateway; False if it is none of its."""
        if isinstance(step, Refuse):
            self._post({"kind": "reject", "payout_account": step.account, "times": None})
        elif isinstance(step, Fault) and step.kind in KINDS:
            fault = {"kind": KINDS[step.kind], "call": step.call, "seller_id": step.seller}
            self._post({**fault, "seconds": GATEWAY_SECONDS})
        return isinstance(step, (Refuse, Fault, Outage))

    def heal(self) -> None:
        """From now on nothing goes wrong; an account that is refused stays refused."""
        refused = [fault for fault in self._control.get("/faults").json()["faults"] if fault["kind"] == "reject"]
        self._control.delete("/faults").raise_for_status()
        for fault in refused:
            self._post({"kind": "reject", "payout_account": fault["payout_account"], "times": None})

    def arrive(self) -> None:
        """Waits until every request that was given up has been decided: late means late here, not lost."""
        until = time.monotonic() + PATIENCE_SECONDS
        for payout in self._given_up:
            while self._control.get(f"/payouts/{payout.effect_key}").status_code != httpx.codes.OK:
                if time.monotonic() > until:
                    raise TimeoutError(f"the sandbox gateway did not decide on {payout.effect_key}")
        self._given_up = []

    def lines(self) -> list[Line]:
        """The statement as the oracle reads it."""
        return [
            Line(
                key=line["effect_key"],
                seller=line["seller_id"],
                currency=line["currency"],
                amount=Decimal(line["amount"]),
                account=line["payout_account"],
                day=date.fromisoformat(line["settlement_date"]),
                status=line["status"],
            )
            for line in self._control.get("/payouts").json()["payouts"]
        ]

    def send(self, payout: Payout) -> Reply:
        self.sent.append(payout)
        reply = self._client.send(payout)
        if reply.answer is Answer.UNKNOWN and "Timeout" in reply.detail:
            self._given_up.append(payout)
        return reply

    def ask(self, payout: Payout) -> Reply:
        return self._client.ask(payout)

    def _post(self, fault: dict[str, object]) -> None:
        self._control.post("/faults", json=fault).raise_for_status()


@contextmanager
def sandbox_bank(folder: Path) -> Iterator[SandboxBank]:
    """A sandbox gateway with an empty database in a folder; it ends with the block."""
    secrets = folder / "secrets.json"
    command = [sys.executable, "-m", "sandbox_gateway", "--db", folder / "gateway.db", "--secrets-file", secrets]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()  # printed once the token is in its file
        bank = SandboxBank(url, json.loads(secrets.read_text())["payouts"]["gateway_token"])
        try:
            yield bank
        finally:
            bank.close()
            process.stdin.close()
