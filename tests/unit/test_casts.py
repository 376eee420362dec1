"""Landed text to values: exact, or not at all, in any session."""

import random

import pytest
from pyspark.sql import functions as F

from payouts.rows.casts import canonical, exact, instant_text, micros, typed
from payouts.schemas import Kind
from recount import casts as oracle

_AMOUNTS = (
    "10 10.00 10.005 0 -0 0.00 -0.00 000 007.50 -012.50 .5 5. +1 1e2 1E-2 NaN Infinity 1,000.00 0x10 1_000 ١٢ -- - . "
    "1000000 1000000.00 1000000.0000000000000000000000000000000000000001 99999999999999999999999999999999999999999.5 "
    "0.000000000000000000000000000000000000000000001 100 1.10.1 --1 1- 12d 12f 12L"
)
_INTEGERS = (
    "0 00 7 007 -1 +1 1.0 1e1 10000 2147483647 2147483648 9223372036854775807 9223372036854775808 ٣ 1L 0x1 "
    "00000000000000000000000000000000000000000000000005 99999999999999999999999999999999999999999999"
)
AMOUNTS, INTEGERS = _AMOUNTS.split(), _INTEGERS.split()
FLAGS = ["true", "false", "True", "FALSE", "t", "f", "yes", "no", "1", "0", "y", "n"]
INSTANTS = [
    "2026-01-03T10:00:00Z",
    "2026-01-03 10:00Z",
    "2026-01-03T10:00+01:00",
    "2026-01-03T00:30:00.5-11:30",
    "2026-01-03T23:59:59.999999Z",
    "2026-01-03T10:00:00.123456+00:00",
    "2026-01-03T10:00:00-00:00",
    "2024-02-29T12:00Z",
    "2023-02-29T12:00Z",
    "1900-02-29T12:00Z",
    "2026-04-31T12:00Z",
    "2026-13-01T12:00Z",
    "2026-00-10T12:00Z",
    "2026-01-00T12:00Z",
    "0000-01-01T00:00Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00+23:59",
    "1582-10-10T00:00Z",
    "1969-12-31T23:59:59.999999Z",
    "1970-01-01T00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59-23:59",
    "10000-01-01T00:00Z",
    "2026-01-03T24:00Z",
    "2026-01-03T10:60Z",
    "2026-01-03T10:00:60Z",
    "2026-01-03T10:00+24:00",
    "2026-01-03T10:00+10:60",
    "2026-01-03T10:00:00.1234567Z",
    "2026-01-03T10:00:00.Z",
    "2026-01-03T10:00:00",
    "2026-01-03T10:00:00z",
    "2026-01-03t10:00:00Z",
    "2026-01-03T10:00:00+01",
    "2026-01-03T10:00:00+0100",
    "2026-01-03T10:00:00 Z",
    "2026-01-03T10:00:00 Europe/Berlin",
    "2026-01-03T10:00:00 UTC",
    "2026-01-03  10:00:00Z",
    "2026-01-03",
    "2026-1-3T10:00Z",
    "2026-01-03T1:00Z",
    "20260103T100000Z",
    "1767434400",
    "now",
    "epoch",
    "٢026-01-03T10:00Z",
]
AROUND = ["", " ", "{} ", " {}", "{}\n", "\n{}", "{}\t", "{}\x00"]


def texts(values: list[str]) -> list[str]:
    return [around.format(value) for value in values[:3] for around in AROUND] + values


def read(kind: Kind, text: str) -> object:
    name = {Kind.AMOUNT: "gross_amount", Kind.INTEGER: "fee_bps", Kind.LONG: "sequence_number"}.get(kind)
    name = name or {Kind.FLAG: "is_suspended", Kind.INSTANT: "event_at"}[kind]
    try:
        return oracle.CASTS[name](text)
    except oracle.NotExact:
        return None


def spelled(kind: Kind, value: object) -> str | None:
    if value is None:
        return None
    return {Kind.AMOUNT: oracle.plain, Kind.FLAG: lambda flag: str(flag).lower()}.get(kind, str)(value)


@pytest.mark.parametrize("kind", [Kind.AMOUNT, Kind.INTEGER, Kind.LONG, Kind.FLAG], ids=lambda kind: kind.name)
def test_a_text_casts_exactly_or_not_at_all(spark, ansi, kind):
    values = {Kind.AMOUNT: AMOUNTS, Kind.FLAG: FLAGS}.get(kind, INTEGERS)
    column = exact(F.col("text"), kind)
    frame = spark.createDataFrame([(text,) for text in texts(values)], "text STRING")
    rows = frame.select(
        "text", canonical(column, kind).alias("canonical"), typed(column, kind).alias("typed")
    ).collect()
    assert {row.text: row.canonical for row in rows} == {row.text: spelled(kind, read(kind, row.text)) for row in rows}
    if kind is not Kind.AMOUNT:  # of amounts the rules judge the text, because a DECIMAL(18,2) has rounded
        assert {row.text: row.typed for row in rows} == {row.text: read(kind, row.text) for row in rows}


def test_an_amount_that_fits_keeps_its_value_and_one_of_too_many_digits_is_null(spark, ansi):
    frame = spark.createDataFrame([("10.10",), ("-3",), ("1000000.00",), ("9" * 17,), ("9" * 50_000,)], "text STRING")
    rows = frame.select(typed(exact(F.col("text"), Kind.AMOUNT), Kind.AMOUNT).cast("string").alias("amount")).collect()
    assert [row.amount for row in rows] == ["10.10", "-3.00", "1000000.00", None, None]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_an_instant_is_read_exactly_in_any_session_zone(spark, ansi, zone):
    before = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", zone)
    try:
        column = F.col("text")
        frame = spark.createDataFrame([(text,) for text in texts(INSTANTS) + _instants_at_random()], "text STRING")
        value = F.unix_micros(typed(micros(column), Kind.INSTANT))
        rows = frame.select("text", micros(column).alias("micros"), value.alias("typed")).collect()
    finally:
        spark.conf.set("spark.sql.session.timeZone", before)
    assert {row.text: row.micros for row in rows} == {row.text: read(Kind.INSTANT, row.text) for row in rows}
    assert {row.text: row.typed for row in rows} == {row.text: row.micros for row in rows}
    assert sum(row.micros is not None for row in rows) > 100


def _instants_at_random() -> list[str]:
    random.seed(1)
    return [
        f"{random.randint(1, 9999):04}-{random.randint(1, 12):02}-{random.randint(1, 31):02}"
        f"{random.choice('T ')}{random.randint(0, 25):02}:{random.randint(0, 61):02}"
        f"{random.choice(['', ':59', ':07.1', ':00.000001'])}{random.choice(['Z', '+05:30', '-12:00', '+14:00'])}"
        for _ in range(300)
    ]


def test_an_instant_is_spelled_in_utc_with_six_decimals_from_the_first_year_to_the_last(spark, ansi):
    spellings = {
        "0001-01-01T00:00Z": "0001-01-01T00:00:00.000000Z",
        "1582-10-15 00:00:00.1Z": "1582-10-15T00:00:00.100000Z",
        "1969-12-31T23:59:59.999999Z": "1969-12-31T23:59:59.999999Z",
        "2026-01-03T00:30+01:00": "2026-01-02T23:30:00.000000Z",
        "2026-03-29T02:30:00.5+02:00": "2026-03-29T00:30:00.500000Z",
        "9999-12-31T23:59:59.999999Z": "9999-12-31T23:59:59.999999Z",
        "no time": None,
    }
    frame = spark.createDataFrame([(text,) for text in spellings], "text STRING")
    rows = frame.select("text", instant_text(micros(F.col("text"))).alias("spelled")).collect()
    assert {row.text: row.spelled for row in rows} == spellings
