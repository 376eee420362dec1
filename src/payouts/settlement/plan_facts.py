"""What a plan needs from the pipeline's tables, read in one pass at the grain of sellers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pyspark.sql import DataFrame, Row

from payouts.ledger.records import SellerCurrency
from payouts.money.entitlement import entitled
from payouts.settlement.holds import Seller


@dataclass(frozen=True, kw_only=True)
class PlanFacts:
    """What the pipeline says, read once for a plan.

    Attributes:
        entitled: entitled(D) per seller and currency.
        sellers: The sellers that exist, by id.
        ingested_to: Newest committed ingestion that these figures rest on, by source (orders, refunds, sellers).
    """

    entitled: Mapping[SellerCurrency, Decimal]
    sellers: Mapping[str, Seller]
    ingested_to: Mapping[str, datetime | None]


def seller_entitlements(entries: DataFrame, sellers: DataFrame, settlement_date: date) -> DataFrame:
    """Puts what is owed beside who is to be paid.

    Args:
        entries: As `balance_entries`.
        sellers: As `sellers`, one row per seller that is not deleted.

    Returns:
        One row per seller and currency with entries: seller_id, currency, entitled DECIMAL(18,2), and of the seller
        payout_currency, payout_account, is_suspended, all NULL if it is deleted. A seller without entries has one
        row too, its currency and entitled NULL: it may have claims from before.
    """
    return entitled(entries, settlement_date).join(
        sellers.select("seller_id", "payout_currency", "payout_account", "is_suspended"), on="seller_id", how="full"
    )


def entitled_amounts(rows: Iterable[Row]) -> dict[SellerCurrency, Decimal]:
    """The entitlements among collected rows of `entitled` or `seller_entitlements`."""
    return {(row.seller_id, row.currency): row.entitled for row in rows if row.currency is not None}


def known_sellers(rows: Iterable[Row]) -> dict[str, Seller]:
    """The sellers among collected rows of `seller_entitlements`; a deleted one is not among them."""
    return {
        row.seller_id: Seller(
            seller_id=row.seller_id,
            payout_currency=row.payout_currency,
            payout_account=row.payout_account,
            is_suspended=row.is_suspended,
        )
        for row in rows
        if row.payout_currency is not None  # a rule of every seller change: there is none without
    }


def payable_sellers(rows: Iterable[Row]) -> set[str]:
    """Ids among collected rows of `sellers` that may be paid now: there, and not suspended."""
    return {row.seller_id for row in rows if not row.is_suspended}
