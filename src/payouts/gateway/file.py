"""A gateway made of files, for a workspace that can reach no gateway: one file per effect key in a volume.

The semantics are those of the HTTP gateway. Of two submitters of one key at once the first decides where the file
system has hard links. Whether a volume creates files atomically is unconfirmed: there the job's limit of one run keeps
them apart.
"""

import json
import os
import uuid
from datetime import UTC, date, datetime
from decimal import DecimalException
from pathlib import Path
from typing import Any

from payouts.errors import GatewayUnavailable
from payouts.gateway.client import Payout, Reply, StatementLine
from payouts.ledger.protocol import Answer

REJECTED_ACCOUNTS = "rejected_accounts.json"


class FileGateway:
    """A folder of decided payouts.

    A list of accounts in `rejected_accounts.json` there is refused, so that a rejection can be tried out.
    """

    def __init__(self, folder: str | Path):
        self._folder = Path(folder)

    def close(self) -> None:
        """Nothing is kept open."""

    def send(self, payout: Payout) -> Reply:
        try:
            known = self._read(payout.effect_key)
            if known is None:
                known = self._write(payout.effect_key, self._decide(payout))
        except OSError as error:
            return Reply(Answer.UNKNOWN, f"{type(error).__name__}: {error.strerror}")
        except ValueError as error:
            return Reply(Answer.UNKNOWN, f"the file of this key cannot be read: {error}")
        return _reply(known, payout)

    def ask(self, payout: Payout) -> Reply:
        try:
            known = self._read(payout.effect_key)
        except OSError as error:
            return Reply(Answer.UNREACHABLE, f"{type(error).__name__}: {error.strerror}")
        except ValueError as error:
            return Reply(Answer.UNKNOWN, f"the file of this key cannot be read: {error}")
        return Reply(Answer.ABSENT, "no file of this key") if known is None else _reply(known, payout)

    def statement(self, settlement_date: date | None = None) -> list[StatementLine]:
        try:
            decided = [
                json.loads(path.read_text(encoding="utf-8"))
                for path in sorted(self._folder.glob("*.json"))
                if path.name != REJECTED_ACCOUNTS
            ]
            return [
                StatementLine.parse(line)
                for line in decided
                if settlement_date is None or line["settlement_date"] == settlement_date.isoformat()
            ]
        except (OSError, ValueError, KeyError, TypeError, DecimalException) as error:
            raise GatewayUnavailable(f"the files of the gateway in {self._folder} cannot be read: {error}") from error

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _read(self, key: str) -> dict[str, Any] | None:
        try:
            return json.loads(self._path(key).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def _decide(self, payout: Payout) -> dict[str, Any]:
        refusals = self._folder / REJECTED_ACCOUNTS
        refused = json.loads(refusals.read_text(encoding="utf-8")) if refusals.exists() else []
        decision = {"effect_key": payout.effect_key, **payout.body()}
        if payout.payout_account in refused:
            return {**decision, "status": "rejected", "reason": "account refused", "accepted_at": None}
        return {**decision, "status": "accepted", "accepted_at": datetime.now(UTC).isoformat()}

    def _write(self, key: str, decision: dict[str, Any]) -> dict[str, Any]:
        """Keeps a decision, unless there is one by now; returns the one that counts."""
        # Whole or not at all: a reader never sees half a decision, and a crash leaves at most a stray .tmp.
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f".{key}.{uuid.uuid4().hex}.tmp"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(decision, file, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, self._path(key))  # unlike a rename it never takes the place of another decision
        except FileExistsError:
            decision = self._read(key) or decision
        except OSError:  # a file system without links, as a volume
            os.replace(draft, self._path(key))
            return decision
        draft.unlink()
        return decision


def _reply(known: dict[str, Any], payout: Payout) -> Reply:
    if any(known.get(name) != value for name, value in payout.body().items()):
        return Reply(Answer.CONFLICT, "the gateway has another body under this key")
    return Reply(Answer(known["status"]), known.get("reason") or "")
