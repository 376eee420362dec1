"""Amounts in minor units, and the day on which money moves."""

from decimal import Decimal

from pyspark.sql import Column
from pyspark.sql import functions as F

from payouts.rules import CURRENCIES

MONEY = "DECIMAL(18,2)"
BASIS_POINT = Decimal("0.0001")
DAY_MICROS = 86_400_000_000


def fee_of(gross_amount: Column, fee_bps: Column, currency: Column) -> Column:
    """What the marketplace keeps of a sale: rounded half up to the currency's minor unit, positive.

    Args:
        gross_amount: DECIMAL(18,2), in the unit of the currency.
        fee_bps: hundredths of a percent.
        currency: one of `rules.CURRENCIES`; NULL for any other.
    """
    exact = gross_amount * fee_bps.cast("DECIMAL(5,0)") * F.lit(BASIS_POINT)
    rounded = F.lit(None).cast(MONEY)
    for name, decimals in CURRENCIES.items():
        rounded = F.when(currency == name, F.round(exact, decimals).cast(MONEY)).otherwise(rounded)
    return rounded


def local_date(instant: Column, time_zone: str) -> Column:
    """The calendar day of an instant in a time zone, whatever zone the session has."""
    local = F.unix_micros(F.from_utc_timestamp(instant, time_zone))
    days = F.call_function("div", local - F.pmod(local, F.lit(DAY_MICROS)), F.lit(DAY_MICROS))
    return F.date_from_unix_date(days.cast("int"))
