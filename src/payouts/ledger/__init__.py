"""The ledger: what was decided, claimed, sent and confirmed. Owned by the job; no pipeline may rebuild it."""

from payouts.ledger.delta import DeltaLedger
from payouts.ledger.records import (
    Claim,
    ClaimStatus,
    ClosingFigure,
    ExpectationCount,
    Hold,
    PayoutEvent,
    Position,
    SellerCurrency,
    Settlement,
    Verdict,
)
from payouts.ledger.sqlite import SqliteLedger
from payouts.ledger.store import Ledger, is_closed, newest_settlement

__all__ = [
    "Claim",
    "ClaimStatus",
    "ClosingFigure",
    "DeltaLedger",
    "ExpectationCount",
    "Hold",
    "Ledger",
    "PayoutEvent",
    "Position",
    "SellerCurrency",
    "Settlement",
    "SqliteLedger",
    "Verdict",
    "is_closed",
    "newest_settlement",
]
