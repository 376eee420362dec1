"""Landed text to typed values, exactly or not at all.

Amounts are `Decimal`, instants are whole microseconds since 1970 in UTC (so 9999 with an offset needs no special case).
"""

import re
from datetime import date
from decimal import Decimal
from functools import partial

_AMOUNT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_INTEGER = re.compile(r"[0-9]+")
_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
SECOND = 1_000_000
DAY = 86_400 * SECOND


class NotExact(ValueError):
    """The text is not exactly one value of the type."""


def amount(text: str) -> Decimal:
    """A decimal number in plain notation; scale and size are for the rules to judge."""
    if not _AMOUNT.fullmatch(text):
        raise NotExact(text)
    return Decimal(text)


def integer(text: str, bits: int = 32) -> int:
    """Digits, and no sign, that fit a signed integer of so many bits."""
    digits = text.lstrip("0") or "0"
    if not _INTEGER.fullmatch(text) or len(digits) > 19 or int(digits) >= 2 ** (bits - 1):
        raise NotExact(text)
    return int(digits)


def boolean(text: str) -> bool:
    """`true` or `false`, in small letters."""
    if text not in ("true", "false"):
        raise NotExact(text)
    return text == "true"


def instant(text: str) -> int:
    """Microseconds since 1970-01-01T00:00Z of a time that names its own zone."""
    match = _INSTANT.fullmatch(text)
    if not match:
        raise NotExact(text)
    year, month, day, hour, minute, second, fraction, sign, zone_hour, zone_minute = match.groups()
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _EPOCH_DAY
    except ValueError:
        raise NotExact(text) from None
    hours, minutes, seconds = int(hour), int(minute), int(second or 0)
    offset_hours, offset_minutes = int(zone_hour or 0), int(zone_minute or 0)
    if hours > 23 or minutes > 59 or seconds > 59 or offset_hours > 23 or offset_minutes > 59:
        raise NotExact(text)
    offset = (offset_hours * 3600 + offset_minutes * 60) * (-1 if sign == "-" else 1)
    whole_seconds = hours * 3600 + minutes * 60 + seconds - offset
    return days * DAY + whole_seconds * SECOND + int((fraction or "0").ljust(6, "0"))


def plain(value: Decimal) -> str:
    """An amount without exponent and without trailing zeros: 10.50 is 10.5, -0.00 is 0."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    digits = digits.lstrip("0") or "0"
    digits = "0" + digits if digits.startswith(".") else digits
    return digits if digits == "0" else sign + digits


CASTS = {
    "gross_amount": amount,
    "refund_amount": amount,
    "sequence_number": partial(integer, bits=64),
    "fee_bps": integer,
    "is_suspended": boolean,
    "event_at": instant,
    "refunded_at": instant,
    "changed_at": instant,
}
