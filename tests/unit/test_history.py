"""The versions of sellers, from changes that come in any order."""

import random

from pyspark.sql import functions as F

from payouts.money.history import sellers_history, valid_at
from payouts.schemas import SELLERS
from tests.landed import File, delete, seller, silver


def changes(spark, *rows):
    rows = list(rows)
    random.Random(7).shuffle(rows)
    return silver(spark, SELLERS, File(rows)).states


def test_a_version_lasts_until_the_next_change_and_a_delete_opens_a_gap(spark):
    history = sellers_history(
        changes(
            spark,
            seller("s1", "2026-01-01", 1, fee_bps=100),
            seller("s1", "2026-01-02", 2, fee_bps=200),
            delete("s1", "2026-01-03", 3),
            delete("s1", "2026-01-04", 4),
            seller("s1", "2026-01-05", 5, fee_bps=500),
            delete("gone", "2026-01-05", 1),
        )
    )
    rows = history.selectExpr(
        "seller_id",
        "fee_bps",
        "day(__START_AT.changed_at) AS start",
        "day(__END_AT.changed_at) AS end",
        "__END_AT.sequence_number",
    ).orderBy("start")
    assert [tuple(row) for row in rows.collect()] == [
        ("s1", 100, 1, 2, 2),
        ("s1", 200, 2, 3, 3),
        ("s1", 500, 5, None, None),
    ]


def test_of_changes_of_one_instant_only_the_last_is_ever_valid(spark):
    history = sellers_history(
        changes(
            spark,
            seller("s1", "2026-01-01T00:00:00Z", 1, fee_bps=100),
            seller("s1", "2026-01-01T00:00:00Z", 2, fee_bps=200),
            seller("s1", "2026-01-01T00:00:00Z", 2, fee_bps=150),
            seller("s2", "2026-01-01T00:00:00Z", 1, fee_bps=100),
            delete("s2", "2026-01-01T00:00:00Z", 2),
            delete("s3", "2026-01-01T00:00:00Z", 1),
            seller("s3", "2026-01-01T00:00:00Z", 2, fee_bps=300),
        )
    )
    at = F.lit("2026-01-01T00:00:00Z").cast("timestamp")
    assert history.count() == 5
    valid = history.where(valid_at(at)).select("seller_id", "fee_bps").orderBy("seller_id").collect()
    assert [tuple(row) for row in valid] == [("s1", 200), ("s3", 300)]


def test_a_version_is_valid_from_its_first_instant_to_before_its_last(spark):
    history = sellers_history(
        changes(spark, seller("s1", "2026-01-01T00:00:00Z", 1), delete("s1", "2026-01-02T00:00:00Z", 2))
    )
    instants = [
        "2025-12-31T23:59:59.999999",
        "2026-01-01T00:00:00",
        "2026-01-01T23:59:59.999999",
        "2026-01-02T00:00:00",
    ]
    answers = history.select(*[valid_at(F.lit(f"{instant}Z").cast("timestamp")) for instant in instants]).first()
    assert list(answers) == [False, True, True, False]
