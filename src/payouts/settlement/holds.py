"""The reasons for which money that is owed is not paid today, in the order in which they are tried."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Seller:
    """What `sellers` says of a seller when the plan is made; a deleted seller has no row there."""

    seller_id: str
    payout_currency: str
    payout_account: str | None
    is_suspended: bool


@dataclass(frozen=True, kw_only=True)
class OpenBalance:
    """What is open for one seller and currency, with all that decides whether it is paid.

    Attributes:
        amount: open(D) in `currency`; never zero.
        seller: None if the seller is deleted.
        rejected_accounts: Accounts of all rejected claims of the seller, in any currency.
        has_date: The settlement date's key exists, in whatever state.
        minimum: The smallest amount that is paid out in this currency.
    """

    currency: str
    amount: Decimal
    seller: Seller | None
    rejected_accounts: frozenset[str]
    has_date: bool
    minimum: Decimal


HOLD_REASONS: Mapping[str, Callable[[OpenBalance], bool]] = {
    "seller_deleted": lambda due: due.seller is None,
    "seller_suspended": lambda due: due.seller.is_suspended,
    "no_account": lambda due: not (due.seller.payout_account or "").strip(),
    # the gateway has said no to this very account: asking again under another key would be a loop, not a payout
    "account_rejected": lambda due: due.seller.payout_account in due.rejected_accounts,
    "currency_not_payout_currency": lambda due: due.currency != due.seller.payout_currency,
    # one payout per seller, currency and date, for good: what lands after it goes out under the next date's key
    "date_already_claimed": lambda due: due.has_date,
    "negative_balance": lambda due: due.amount < 0,
    "below_minimum": lambda due: due.amount < due.minimum,
}


def hold_reason(due: OpenBalance) -> str | None:
    """The first reason that applies, or None if the amount is to be paid."""
    return next((name for name, applies in HOLD_REASONS.items() if applies(due)), None)
