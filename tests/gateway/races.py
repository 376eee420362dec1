"""What processes of test_at_once.py do at the same moment; each gets its number first."""

from __future__ import annotations

import resource
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

from payouts.gateway import FileGateway, Payout
from payouts.ledger.sqlite import SqliteLedger
from payouts.tasks import seed_landing
from sandbox_gateway.store import Conflict, Store
from sandbox_gateway.token import shared_token


def tokens(number: int, secrets: list[Path]) -> list[str]:
    """Read the token from files that are not there, or make it."""
    return [shared_token(path, "payouts", "gateway_token") for path in secrets]


def add_a_secret(number: int, secrets: Path) -> str:
    """Add a secret of one's own."""
    return shared_token(secrets, "payouts", f"token_{number}")


def send(number: int, folder: Path, payouts: list[Payout]) -> list[str]:
    """Send payouts of the same keys, each process another amount."""
    gateway = FileGateway(folder)
    own = [Payout(**{**vars(payout), "amount": Decimal(number + 1)}) for payout in payouts]
    return [str(gateway.send(payout).answer) for payout in own]


def decide(number: int, file: Path, keys: list[str]) -> list[str]:
    """Decide under the same keys in the database of the sandbox, each process on another amount."""
    store = Store(str(file))
    body = dict.fromkeys(("seller_id", "currency", "payout_account", "settlement_date"), "x")
    found = []
    for key in keys:
        try:
            found.append("new" if store.decide(key, {**body, "amount": str(number)}, reject=False)[1] else "known")
        except Conflict:
            found.append("conflict")
    return found


def open_a_ledger(number: int, file: Path) -> int:
    """Make the tables of a ledger."""
    return len(SqliteLedger(str(file)).claims())


def seed_with_little_room(number: int, folder: Path, most_bytes: int) -> str:
    """Seed where no file can be longer; what went wrong."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    arguments = [f"--landing_path={folder}", "--days=2", "--seed=1", "--settlement_timezone=Europe/Berlin"]
    with patch("sys.argv", ["seed_landing", *arguments, "--triggered_at=2026-01-04T08:00:00Z"]):
        try:
            seed_landing.main()
        except OSError as error:
            return str(error.strerror)
    return ""
