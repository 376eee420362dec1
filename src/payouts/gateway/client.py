"""The interface of a gateway and the words spoken with it.

Whatever goes wrong with one request is an `Answer`, never an exception: the caller has to record it and go on with
the next payout. `tests/gateway/` holds one suite that every gateway passes.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from payouts.ledger.protocol import Answer
from payouts.ledger.records import Claim


@dataclass(frozen=True, kw_only=True)
class Payout:
    """The body of a payout, frozen with its claim; `effect_key` travels as the Idempotency-Key.

    `amount` is in `currency`, two places.
    """

    effect_key: str
    seller_id: str
    currency: str
    amount: Decimal
    payout_account: str
    settlement_date: date

    @classmethod
    def of(cls, claim: Claim) -> "Payout":
        """The payout that a claim stands for."""
        return cls(
            effect_key=claim.effect_key,
            seller_id=claim.seller_id,
            currency=claim.currency,
            amount=claim.amount,
            payout_account=claim.payout_account,
            settlement_date=claim.settlement_date,
        )

    def body(self) -> dict[str, str]:
        """The JSON body, always the same for the same payout: the gateway compares it."""
        return {
            "seller_id": self.seller_id,
            "currency": self.currency,
            "amount": f"{self.amount:.2f}",
            "payout_account": self.payout_account,
            "settlement_date": self.settlement_date.isoformat(),
        }


@dataclass(frozen=True, kw_only=True)
class StatementLine:
    """One row per payout that the gateway decided on: accepted or rejected."""

    effect_key: str
    seller_id: str
    currency: str
    amount: Decimal
    payout_account: str
    status: str
    accepted_at: datetime | None

    @classmethod
    def parse(cls, line: dict[str, Any]) -> "StatementLine":
        """Reads a line as a gateway writes it.

        Raises:
            KeyError, ValueError, TypeError, decimal.InvalidOperation: Not a line of a statement.
        """
        if line["status"] not in ("accepted", "rejected"):
            raise ValueError(f"status {line['status']!r}")
        return cls(
            effect_key=str(line["effect_key"]),
            seller_id=str(line["seller_id"]),
            currency=str(line["currency"]),
            amount=Decimal(line["amount"]),
            payout_account=str(line["payout_account"]),
            status=line["status"],
            accepted_at=datetime.fromisoformat(line["accepted_at"]) if line["accepted_at"] else None,
        )

    def agrees_with(self, payout: Payout) -> bool:
        """Whether what the gateway has under the key is what was claimed."""
        mine = (payout.effect_key, payout.seller_id, payout.currency, payout.amount, payout.payout_account)
        return mine == (self.effect_key, self.seller_id, self.currency, self.amount, self.payout_account)


@dataclass(frozen=True)
class Reply:
    """What a request or a question led to; `detail` is for the ledger and holds no account and no token."""

    answer: Answer
    detail: str = ""


class Gateway(Protocol):
    """A payment gateway. The same key with the same body has the same answer for ever."""

    def send(self, payout: Payout) -> Reply:
        """Asks for a payout. Another body under a key that is known is a conflict."""

    def ask(self, payout: Payout) -> Reply:
        """Asks what became of a payout: absent, accepted, rejected, or conflict if it differs from ours."""

    def statement(self, settlement_date: date | None = None) -> list[StatementLine]:
        """All payouts decided on, of one settlement date or of all.

        Raises:
            payouts.errors.GatewayUnavailable: No statement can be had.
        """

    def close(self) -> None:
        """Lets connections go."""
