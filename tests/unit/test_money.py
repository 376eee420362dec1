"""Fees to the minor unit, days in the settlement's time zone."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from pyspark.sql import functions as F

from payouts.amounts import fee_of, local_date

AMOUNTS = ["0.01", "0.05", "0.50", "1.00", "33.33", "49.99", "100.00", "999999.99", "1000000.00"]
FEES = [0, 1, 5, 49, 50, 51, 99, 250, 3333, 5000, 9999, 10_000]


@pytest.mark.parametrize(("currency", "unit"), [("EUR", "0.01"), ("USD", "0.01"), ("GBP", "0.01"), ("JPY", "1")])
def test_a_fee_is_rounded_half_up_to_the_minor_unit(spark, ansi, currency, unit):
    rows = [(gross, bps) for gross in AMOUNTS if currency != "JPY" or gross.endswith("00") for bps in FEES]
    frame = spark.createDataFrame(rows, "gross STRING, bps INT")
    fees = frame.select(
        "gross", "bps", fee_of(F.col("gross").cast("DECIMAL(18,2)"), F.col("bps"), F.lit(currency)).alias("fee")
    )
    assert fees.schema["fee"].dataType.simpleString() == "decimal(18,2)"
    assert {(row.gross, row.bps): row.fee for row in fees.collect()} == {
        (gross, bps): (Decimal(gross) * bps / 10_000).quantize(Decimal(unit), ROUND_HALF_UP) for gross, bps in rows
    }


@pytest.mark.parametrize("session_zone", ["UTC", "Asia/Tokyo"])
def test_a_day_is_of_the_given_zone_whatever_the_sessions_is(spark, ansi, session_zone):
    before = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", session_zone)
    try:
        cases = {
            ("2026-01-01T22:59:59.999999Z", "Europe/Berlin"): "2026-01-01",
            ("2026-01-01T23:00:00Z", "Europe/Berlin"): "2026-01-02",
            ("2026-03-28T23:00:00Z", "Europe/Berlin"): "2026-03-29",
            ("2026-03-29T21:59:59Z", "Europe/Berlin"): "2026-03-29",
            ("2026-03-29T22:00:00Z", "Europe/Berlin"): "2026-03-30",
            ("2026-10-25T22:59:59Z", "Europe/Berlin"): "2026-10-25",
            ("2026-10-25T23:00:00Z", "Europe/Berlin"): "2026-10-26",
            ("2026-01-01T23:59:59Z", "UTC"): "2026-01-01",
            ("2026-01-01T10:00:00Z", "Pacific/Kiritimati"): "2026-01-02",
            ("2026-01-01T11:00:00Z", "Pacific/Pago_Pago"): "2026-01-01",
            ("2026-01-01T10:59:59Z", "Pacific/Pago_Pago"): "2025-12-31",
            ("1969-12-31T23:59:59Z", "UTC"): "1969-12-31",
        }
        days = [
            local_date(F.lit(at).cast("timestamp"), zone).cast("string").alias(f"{at} {zone}") for at, zone in cases
        ]
        found = spark.range(1).select(*days).first()
        assert list(found) == list(cases.values())
    finally:
        spark.conf.set("spark.sql.session.timeZone", before)
