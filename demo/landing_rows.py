"""How facts of the market look when they land: rows of the three sources, and lines of JSON."""

import json
from datetime import UTC, datetime

from demo.market import Order, Refund, Seller


def order_row(order: Order, status: str, at: datetime, **changes: object) -> dict:
    """One state of an order."""
    return {
        "order_id": order.order_id,
        "seller_id": order.seller_id,
        "buyer_country": order.buyer_country,
        "currency": order.currency,
        "gross_amount": str(order.gross),
        "status": status,
        "event_at": timestamp(at),
    } | changes


def refund_row(refund: Refund, **changes: object) -> dict:
    """One refund."""
    return {
        "refund_id": refund.refund_id,
        "order_id": refund.order_id,
        "currency": refund.currency,
        "refund_amount": str(refund.amount),
        "reason": refund.reason,
        "refunded_at": timestamp(refund.refunded_at),
    } | changes


def seller_row(seller: Seller, sequence_number: int, changed_at: datetime, **changes: object) -> dict:
    """One change of a seller: all that is known of her from then on."""
    return {
        "seller_id": seller.seller_id,
        "operation": "UPSERT",
        "sequence_number": sequence_number,
        "legal_name": seller.legal_name,
        "country": seller.country,
        "payout_currency": seller.currency,
        "payout_account": seller.account,
        "fee_bps": seller.fee_bps,
        "is_suspended": False,
        "changed_at": timestamp(changed_at),
    } | changes


def delete_row(seller: Seller, sequence_number: int, changed_at: datetime) -> dict:
    """The end of a seller: key, order and time, nothing else."""
    row = seller_row(seller, sequence_number, changed_at)
    return {name: row[name] for name in ("seller_id", "sequence_number", "changed_at")} | {"operation": "DELETE"}


def timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def json_line(row: dict) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
