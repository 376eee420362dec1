"""The effect key: which payout this is, in words that no rerun can change."""

import hashlib
from datetime import date


def effect_key(seller_id: str, currency: str, settlement_date: date) -> str:
    """Names one payout by its business identity.

    Amount, account and content are left out on purpose: they may be corrected between two attempts, and a key that
    moved with them would pay the correction a second time. Run and attempt are left out because a rerun, a repair and
    a backfill are all the same payout.

    Returns:
        SHA-256, lower-case hex, of the UTF-8 text `payout|v1|{seller_id}|{currency}|{settlement_date}`.
    """
    return hashlib.sha256(f"payout|v1|{seller_id}|{currency}|{settlement_date.isoformat()}".encode()).hexdigest()
