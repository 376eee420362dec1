"""Writes `.lakeflow/balance.json` after a run: what the run's own closing of the date has put on record."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from demo.errors import Unexpected
from demo.figures import Figures
from payouts.money.unmatched import REASONS
from payouts.settlement.closing_balance import MONEY_TERMS, ROW_TERMS, Balance, SellerBalance
from payouts.tasks.closing import write_balance


def write(state: Path) -> None:
    """Reads the newest rows of the ledger's `closing_balances`, the newest plan's holds, and what is unmatched.

    Raises:
        Unexpected: no run has closed a date yet.
    """
    figures = Figures(state)
    closed = figures.closing_figures()
    if not closed:
        raise Unexpected("the run has put no closing balance on record")
    settlement_date: date | None = closed[0]["settlement_date"]
    reasons = figures.hold_reasons(settlement_date)
    unmatched = figures.unmatched()
    rows: dict[str, dict[str, int]] = {}
    sellers: dict[tuple[str, str], dict[str, Decimal]] = {}
    for row in closed:
        if row["scope"] == "source":
            rows.setdefault(row["key"], {})[row["term"]] = int(row["figure"])
        else:
            sellers.setdefault((row["key"], row["currency"]), {})[row["term"]] = row["figure"]
    balance = Balance(
        settlement_date=settlement_date,
        rows={source: {term: counts[term] for term in ROW_TERMS} for source, counts in sorted(rows.items())},
        sellers=tuple(_seller(key, terms, reasons.get(key)) for key, terms in sorted(sellers.items())),
        unmatched={reason: unmatched.count(reason) for reason in REASONS},
    )
    write_balance(state / "balance.json", balance)


def _seller(key: tuple[str, str], terms: dict[str, Decimal], hold_reason: str | None) -> SellerBalance:
    amounts: dict[str, Any] = {term: terms[term] for term in MONEY_TERMS}
    return SellerBalance(seller_id=key[0], currency=key[1], hold_reason=hold_reason, **amounts)
