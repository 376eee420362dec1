"""Every rule has a row that breaks it and only it, and no rule ever answers NULL."""

import re

import pytest
from pyspark.sql import functions as F

from payouts.rows.states import judged_states, quarantined_rows
from payouts.rules import (
    CONFLICT_RULES,
    COUNTRIES,
    CURRENCIES,
    ENTRY_RULES,
    RULES,
    STATUS_RANKS,
    Severity,
    dropped,
    predicates,
    rules_of,
    warned,
)
from payouts.schemas import ORDERS, REFUNDS, SELLERS, SOURCES
from tests.landed import File, bronze, delete, order, refund, seller

INGESTED = "2026-01-10T06:00:00Z"

BREAKS_ONLY = {
    ORDERS: {
        "row_parses": b'{"order_id":"cut"',
        "order_id_present": order(" \t\u00a0"),
        "status_known": order("status", "Delivered"),
        "gross_amount_positive": order("zero", gross_amount="0.00"),
        "gross_amount_within_limit": order("large", gross_amount="1000000.01"),
        "currency_known": order("currency", currency="CHF"),
        "gross_amount_fits_currency": order("fraction", gross_amount="10.005"),
        "event_at_plausible": order("early", event_at="2014-12-31T23:59:59.999999Z"),
        "no_unknown_column": order("column", channel="web"),
        "buyer_country_is_iso": order("country", buyer_country="UK"),
    },
    REFUNDS: {
        "row_parses": refund("type", "o1", "2026-01-02T10:00:00"),
        "refund_id_present": refund(None, "o1"),
        "refund_amount_positive": refund("negative", "o1", refund_amount=-10),
        "refund_amount_within_limit": refund("large", "o1", refund_amount="1000001"),
        "currency_known": refund("currency", "o1", currency=None),
        "refund_amount_fits_currency": refund("yen", "o1", currency="JPY", refund_amount="0.5"),
        "refunded_at_plausible": refund("late", "o1", "2026-01-11T06:00:00.000001Z"),
        "no_unknown_column": refund("column", "o1", note="x"),
    },
    SELLERS: {
        "row_parses": seller("type", fee_bps="10 %"),
        "seller_id_present": seller(""),
        "operation_known": seller("operation", operation="upsert"),
        "sequence_number_present": seller("sequence", sequence_number=None),
        "changed_at_plausible": delete("time", "2014-06-01", 1),
        "payout_currency_known": seller("currency", payout_currency="XXX"),
        "fee_bps_in_range": seller("fee", fee_bps=10_001),
        "is_suspended_present": seller("suspended", is_suspended=None),
        "no_unknown_column": seller("column", phone="1"),
    },
}

KEEPS_ALL = {
    ORDERS: [
        order("plain"),
        order("least", gross_amount="0.01"),
        order("most", gross_amount="1000000.00"),
        order("padded", gross_amount="000010.5000"),
        order("yen", currency="JPY", gross_amount="100.00"),
        order("first instant", event_at="2015-01-01T00:00:00Z"),
        order("first instant elsewhere", event_at="2014-12-31T14:00:00-10:00"),
        order("last instant", event_at="2026-01-11T06:00:00Z"),
        order("nobody's", seller_id=None),
    ],
    REFUNDS: [refund("plain", "o1"), refund("of nothing", None), refund("silent", "o1", reason=None)],
    SELLERS: [
        seller("plain"),
        seller("free", fee_bps=0),
        seller("dear", fee_bps=10_000),
        seller("unnamed", legal_name=None, country="??", payout_account=None),
        delete("plain", "2026-01-01", 2),
    ],
}

BREAKS_SEVERAL = {
    ORDERS: {
        b"{}": [
            "order_id_present",
            "status_known",
            "gross_amount_positive",
            "currency_known",
            "event_at_plausible",
            "buyer_country_is_iso",
        ],
        b"\xff": ["row_parses"],
        b"[7]": ["row_parses"],
    },
    REFUNDS: {
        b"{}": ["refund_id_present", "refund_amount_positive", "currency_known", "refunded_at_plausible"],
        b'{"refund_id":"r","refund_amount":"1e2","refunded_at":"now","currency":"EUR"}': ["row_parses"],
        b'{"refund_id":"r","refund_amount":-99999999999.999,"currency":"XXX","refunded_at":"1970-01-01T00:00Z"}': [
            "refund_amount_positive",
            "currency_known",
            "refunded_at_plausible",
        ],
        b'{"refund_id":"r","refund_amount":'
        + b"9" * 100
        + b'.123,"currency":"EUR","refunded_at":"9999-12-31T23:59:59Z"}': [
            "refund_amount_within_limit",
            "refund_amount_fits_currency",
            "refunded_at_plausible",
        ],
    },
    SELLERS: {
        b"{}": ["seller_id_present", "operation_known", "sequence_number_present", "changed_at_plausible"],
        b'{"seller_id":"s","operation":"UPSERT","sequence_number":-1,"changed_at":"2026-01-01T00:00Z"}': [
            "row_parses",
            "payout_currency_known",
            "fee_bps_in_range",
            "is_suspended_present",
        ],
    },
}


def judged(spark, source, *lines):
    """Per line the names of the rules that it breaks, of any severity, in the order of the list."""
    landed = bronze(spark, source, *[File([line], INGESTED, path=str(number)) for number, line in enumerate(lines)])
    rules = rules_of(source)
    answers = [F.expr(rule.predicate).alias(rule.name) for rule in rules]
    rows = judged_states(landed, landed, source).select("_file_path", *answers).collect()
    assert len(rows) == len(lines)
    assert {value for row in rows for value in row.asDict().values()} - {row._file_path for row in rows} <= {
        True,
        False,
    }
    broken = {int(row._file_path): [rule.name for rule in rules if not row[rule.name]] for row in rows}
    return [broken[number] for number in range(len(lines))]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_each_rule_has_a_row_that_breaks_it_and_only_it(spark, ansi, source):
    assert list(BREAKS_ONLY[source]) == [rule.name for rule in rules_of(source)]
    several = BREAKS_SEVERAL[source]
    found = judged(spark, source, *BREAKS_ONLY[source].values(), *KEEPS_ALL[source], *several)
    assert found == [[name] for name in BREAKS_ONLY[source]] + [[]] * len(KEEPS_ALL[source]) + list(several.values())


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_row_is_quarantined_with_its_text_and_the_rules_it_broke_or_else_kept(spark, source):
    lines = [*BREAKS_ONLY[source].values(), *KEEPS_ALL[source]]
    landed = bronze(spark, source, *[File([line], path=str(number)) for number, line in enumerate(lines)])
    quarantined = quarantined_rows(landed, landed, source).collect()
    expected = {number: [rule.name] for number, rule in enumerate(rules_of(source)) if rule.severity is Severity.DROP}
    assert {int(row._file_path): row.broken_rules for row in quarantined} == expected
    as_landed = {row._file_path: row for row in landed.collect()}
    for row in quarantined:
        for name in (*source.columns, "_corrupt_record", "_rescued_data"):
            assert row[name] == as_landed[row._file_path][name]


@pytest.mark.parametrize("rules", [*RULES.values(), CONFLICT_RULES, ENTRY_RULES], ids=[*RULES, "conflicts", "entries"])
def test_no_predicate_is_null_where_every_column_is(spark, ansi, rules):
    columns = {column: kind.value for source in SOURCES for column, kind in source.columns.items()}
    columns |= {source.amount_text: "STRING" for source in SOURCES if source.amount}
    columns |= {"_unparsed_columns": "ARRAY<STRING>", "_ingested_at": "TIMESTAMP", "_rescued_data": "STRING"}
    columns |= {"contents": "BIGINT", "copies": "BIGINT", "entry_id": "STRING", "entry_type": "STRING"}
    columns |= {"amount": "DECIMAL(18,2)"}
    nothing = spark.sql("SELECT " + ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns.items()))
    answers = nothing.select(*[F.expr(rule.predicate).alias(rule.name) for rule in rules]).first().asDict()
    assert None not in answers.values()


def test_a_fee_may_take_the_whole_sale_and_an_entry_may_stand_once(spark, ansi):
    rows = [
        ("sale|o1", "sale", "100.00", "100.00", 1),
        ("fee|o1", "fee", "-100.00", "100.00", 1),
        ("fee|o2", "fee", "0.00", "100.00", 1),
        ("fee|o3", "fee", "-100.01", "100.00", 1),
        ("fee|o4", "fee", "0.01", "100.00", 1),
        ("refund|r1", "refund", "-900.00", "100.00", 1),
        ("sale|o5", "sale", "100.00", "100.00", 2),
        ("fee|o6", "fee", None, "100.00", 1),
    ]
    frame = spark.createDataFrame(
        rows, "entry_id STRING, entry_type STRING, amount STRING, gross STRING, copies BIGINT"
    )
    typed = frame.selectExpr("*", "CAST(gross AS DECIMAL(18,2)) AS gross_amount").selectExpr(
        "entry_id", "entry_type", "CAST(amount AS DECIMAL(18,2)) AS amount", "gross_amount", "copies"
    )
    invariants = predicates(ENTRY_RULES, Severity.FAIL)
    found = typed.select("entry_id", *[F.expr(sql).alias(name) for name, sql in invariants.items()]).collect()
    broken = {row.entry_id: [name for name in invariants if not row[name]] for row in found}
    assert {entry: names for entry, names in broken.items() if names} == {
        "fee|o3": ["fee_within_sale"],
        "fee|o4": ["fee_within_sale"],
        "sale|o5": ["entry_id_unique"],
        "fee|o6": ["fee_within_sale"],
    }


def test_names_are_unique_and_every_severity_is_used_and_reasoned():
    lists = [*RULES.values(), CONFLICT_RULES, ENTRY_RULES]
    for rules in lists:
        names = [rule.name for rule in rules]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch("[a-z][a-z_]+", name) for name in names)
        assert all(len(rule.reason) > 20 for rule in rules)
    assert {rule.severity for rules in lists for rule in rules} == set(Severity)


def test_only_gold_can_stop_an_update_and_a_source_has_rules_of_both_other_severities():
    for source in SOURCES:
        assert not predicates(rules_of(source), Severity.FAIL)
        assert set(dropped(source)) | set(warned(source)) == {rule.name for rule in rules_of(source)}
        assert dropped(source) and warned(source)


def test_bounds_and_lists_are_those_of_the_model():
    assert CURRENCIES == {"EUR": 2, "USD": 2, "GBP": 2, "JPY": 0}
    assert sorted(STATUS_RANKS, key=STATUS_RANKS.get) == ["placed", "delivered", "cancelled"]
    assert len(set(COUNTRIES)) == 249
