"""Writes `.lakeflow/balance.json` after a run, whatever its end, by the function with which the tasks close a date."""

from __future__ import annotations

import json
from pathlib import Path

from pyspark.errors import PySparkException

from demo.errors import Unexpected
from lakeflow_local.jobs import LocalWorkspace
from payouts.errors import PayoutsError
from payouts.gateway import open_gateway
from payouts.ledger import DeltaLedger
from payouts.tasks.closing import closing_balance, write_balance
from payouts.tasks.context import TOKEN_KEY
from payouts.tasks.tables import PipelineTables


def write(workspace: LocalWorkspace, state: Path) -> None:
    """Counts the tables as they are now, and asks the gateway for its statement.

    Raises:
        Unexpected: a table or the gateway cannot be read.
    """
    variables = workspace.bundle.variables
    pipeline, ledger = (str(workspace.bundle.resource("schemas", key)["name"]) for key in ("pipeline", "ledger"))

    def token() -> str:
        secrets = json.loads((state / "secrets.json").read_text(encoding="utf-8"))
        return secrets[variables["gateway_secret_scope"]][TOKEN_KEY]

    try:
        balance = closing_balance(
            PipelineTables(workspace.spark, variables["catalog"], pipeline),
            DeltaLedger(workspace.spark, variables["catalog"], ledger),
            lambda: open_gateway(variables["gateway_url"], token).statement(),
            variables["settlement_timezone"],
        )
    except (PayoutsError, PySparkException) as error:
        reason = str(error).partition("\n")[0]
        raise Unexpected(f"the closing balance cannot be counted: {reason}") from error
    write_balance(state / "balance.json", balance)
