"""First copies, quarantine, newest states: whatever the order and the cut in which rows arrive."""

import itertools

from chispa import assert_df_equality

from payouts.rows.states import judged_states, newest_state_day, newest_states, quarantined_rows
from payouts.rules import STATUS_RANKS
from payouts.schemas import ORDERS, REFUNDS, SELLERS
from tests.landed import File, bronze, delete, order, refund, seller, silver, valid

DAY_1, DAY_2, DAY_3 = "2026-01-02T06:00:00Z", "2026-01-03T06:00:00Z", "2026-01-04T06:00:00Z"


def test_of_every_content_the_first_copy_is_judged_and_no_other(spark):
    orders = silver(
        spark,
        ORDERS,
        File([order("a")], DAY_2, "again.json"),
        File([order("a"), order("a")], DAY_1, "first.json", modified_at=DAY_1),
        File([order("a")], DAY_1, "older.json", modified_at="2026-01-02T05:00:00Z"),
        File([order("a")], DAY_1, "same-time.json", modified_at="2026-01-02T05:00:00Z"),
        File([b'{"cut', b'{"cut'], DAY_1, "broken.json"),
        File([b'{"cut', order("a", gross_amount="0")], DAY_2, "broken-again.json"),
    )
    kept = orders.states.selectExpr("order_id", "_file_path")
    assert_df_equality(kept, spark.sql("SELECT 'a' AS order_id, 'older.json' AS _file_path"), ignore_nullable=True)
    quarantined = orders.quarantine.select("_file_path", "broken_rules").orderBy("_file_path").collect()
    assert [tuple(row) for row in quarantined] == [
        ("broken-again.json", ["gross_amount_positive"]),
        ("broken.json", ["row_parses"]),
    ]


def test_the_same_value_written_in_another_way_is_a_copy_and_another_value_is_not(spark):
    base = order("a", gross_amount="10.5", event_at="2026-01-01T10:00:00Z")
    written = [
        base,
        base | {"gross_amount": "010.50"},
        base | {"event_at": "2026-01-01 11:00+01:00"},
        base | {"channel": "web"},
        b"[%s]" % str(base).replace("'", '"').encode(),
        base | {"gross_amount": "10.51"},
        base | {"seller_id": "s1 "},
        base | {"buyer_country": None},
        base | {"buyer_country": ""},
    ]
    files = [File([line], DAY_1, f"{number}.json") for number, line in enumerate(written)]
    paths = silver(spark, ORDERS, *files).states.select("_file_path").collect()
    assert sorted(row[0] for row in paths) == ["0.json", "5.json", "6.json", "7.json", "8.json"]


def test_a_row_without_key_is_compared_by_its_text(spark):
    lines = [order("", gross_amount="10.5"), order("", gross_amount="10.50"), order(" ", gross_amount="10.5"), b"{}"]
    lines += [b'{"x":1}', b"{ }", order("", gross_amount="10.5")]
    quarantine = silver(spark, ORDERS, File(lines)).quarantine
    assert quarantine.count() == 4


def test_content_is_the_canonical_text_of_the_declared_columns(spark):
    lines = [
        order("o1", gross_amount="0010.00", event_at="2026-01-01 10:00+01:00", seller_id=None, note="x"),
        order("o2", gross_amount=10.50, buyer_country="Zoë"),
        order("o3", gross_amount="1e2"),
        order(" ", gross_amount="1.50"),
        b'{"order_id":',
    ]
    landed = bronze(spark, ORDERS, File(lines))
    rows = judged_states(landed, landed, ORDERS).select("content").collect()
    assert {row.content.replace("\x1f", "|").replace("\x00", "NULL") for row in rows} == {
        "o1|NULL|DE|EUR|10|delivered|2026-01-01T09:00:00.000000Z",
        "o2|s1|Zoë|EUR|10.5|delivered|2026-01-01T12:00:00.000000Z",
        "o3|s1|DE|EUR|1e2|delivered|2026-01-01T12:00:00Z",
        " |s1|DE|EUR|1.50|delivered|2026-01-01T12:00:00Z",
        '{"order_id":',
    }


def test_states_and_quarantine_do_not_depend_on_how_rows_are_cut_into_updates(spark):
    files = [
        File([order("a"), order("b", gross_amount="-1")], DAY_1, "1.json"),
        File([order("a"), order("c"), b"{"], DAY_2, "2.json"),
        File([order("c"), b"{", order("b", gross_amount="-1"), order("a", "cancelled")], DAY_3, "3.json"),
    ]
    landed = bronze(spark, ORDERS, *files).localCheckpoint()
    updates = [landed.where(f"_file_path = '{number}.json'") for number in (1, 2, 3)]
    seen = [landed.where(f"_file_path <= '{number}.json'") for number in (1, 2, 3)]
    for derive in (judged_states, quarantined_rows):
        at_once = derive(landed, landed, ORDERS)
        step_by_step = [derive(new, so_far, ORDERS) for new, so_far in zip(updates, seen, strict=True)]
        all_steps = step_by_step[0].unionAll(step_by_step[1]).unionAll(step_by_step[2])
        assert_df_equality(
            all_steps.select("content", "_file_path"), at_once.select("content", "_file_path"), ignore_row_order=True
        )


def test_the_newest_state_is_by_time_then_rank_then_content(spark):
    states = silver(
        spark,
        ORDERS,
        File(
            [
                order("by time", "delivered", "2026-01-01T10:00:00.000001Z"),
                order("by time", "cancelled", "2026-01-01T10:00:00Z"),
                order("by rank", "placed"),
                order("by rank", "cancelled"),
                order("by rank", "delivered"),
                order("by content", gross_amount="9.00"),
                order("by content", gross_amount="10.00"),
                order("by content", gross_amount="100.00"),
            ]
        ),
    ).states
    newest = newest_states(states, ORDERS).select("order_id", "status", "gross_amount")
    expected = spark.sql(
        "SELECT * FROM VALUES ('by time', 'delivered', 100.00), ('by rank', 'cancelled', 100.00),"
        " ('by content', 'delivered', 9.00) AS t(order_id, status, amount)"
    ).selectExpr("order_id", "status", "CAST(amount AS DECIMAL(18,2)) AS gross_amount")
    assert_df_equality(newest, expected, ignore_row_order=True, ignore_nullable=True)
    assert list(STATUS_RANKS) == ["placed", "delivered", "cancelled"]


def test_the_newest_notice_and_the_newest_change_are_by_time_then_number_then_content(spark):
    notices = silver(
        spark,
        REFUNDS,
        File(
            [refund("r", "o", "2026-01-03", reason="b"), refund("r", "o", "2026-01-03", reason="a"), refund("r", "o")]
        ),
    ).states
    assert [row.reason for row in newest_states(notices, REFUNDS).collect()] == ["b"]
    changes = silver(
        spark,
        SELLERS,
        File([seller("s", "2026-01-01", 9), seller("s", "2026-01-02", 10), delete("s", "2026-01-02", 11)]),
    ).states
    assert [row.operation for row in newest_states(changes, SELLERS).collect()] == ["DELETE"]


def test_a_row_that_landed_more_than_a_day_before_its_time_stays_in_quarantine_when_it_lands_again(spark):
    early = order("early", event_at="2026-01-05T00:00:00Z")
    orders = silver(spark, ORDERS, File([early], DAY_1), File([early], "2026-01-06T06:00:00Z", "b.json"))
    assert orders.states.count() == 0
    assert [row.broken_rules for row in orders.quarantine.collect()] == [["event_at_plausible"]]


def test_valid_rows_and_quarantined_rows_are_each_others_complement(spark):
    amounts = ["1", "0", None, "x", "1e6", "1000000", "1000000.01", "1.001", " 1", "", "NaN", "-1", "9" * 60]
    currencies = ["EUR", "JPY", "eur", None]
    lines = [
        order(f"{number}", gross_amount=amount, currency=currency, status=status)
        for number, (amount, currency, status) in enumerate(
            itertools.product(amounts, currencies, ["placed", "", None])
        )
    ]
    landed = bronze(spark, ORDERS, File(lines))
    judged = judged_states(landed, landed, ORDERS)
    states, quarantine = (
        valid(judged, ORDERS).select("order_id"),
        quarantined_rows(landed, landed, ORDERS).select("order_id"),
    )
    found = sorted(int(row.order_id) for row in states.unionAll(quarantine).collect())
    assert found == list(range(len(lines)))


def test_the_newest_day_is_of_valid_states_only_and_in_the_settlement_time_zone(spark):
    lines = [order("a", event_at="2026-01-01T23:30:00Z"), order("b", event_at="2026-01-09", status="lost")]
    states = silver(spark, ORDERS, File(lines)).states
    assert str(newest_state_day(states, "Europe/Berlin").first().newest_day) == "2026-01-02"
    assert str(newest_state_day(states, "America/New_York").first().newest_day) == "2026-01-01"
    assert newest_state_day(states.where("false"), "UTC").first().newest_day is None
