"""The gate: thresholds, acceptance, missing figures, closed dates, dates without data."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from payouts.settlement.evidence import expectation_counts, new_counts
from payouts.settlement.gate import Figure, Judgement, judge

DAY = date(2026, 1, 2)
CLEAN = Figure(1000, 0)


def judged(
    orders: Figure | None = CLEAN,
    refunds: Figure | None = CLEAN,
    sellers: Figure | None = CLEAN,
    *,
    accepted: int = 0,
    closed: bool = False,
    newest_day: date | None = DAY,
) -> Judgement:
    return judge(
        settlement_date=DAY,
        closed=closed,
        newest_day=newest_day,
        figures={"orders": orders, "refunds": refunds, "sellers": sellers},
        thresholds={"orders": Decimal("2"), "refunds": Decimal("2"), "sellers": Decimal("1")},
        accepted=accepted,
        judged_at=datetime(2026, 1, 3, tzinfo=UTC),
    )


def verdicts(judgement: Judgement) -> list[str]:
    return [verdict.verdict for verdict in judgement.verdicts]


@pytest.mark.parametrize(
    ("rows", "still_open", "opens"), [(100, 2, True), (100, 3, False), (49, 1, False), (50, 1, True), (0, 0, True)]
)
def test_a_source_holds_above_its_threshold_and_not_at_it(rows, still_open, opens):
    assert judged(orders=Figure(rows, still_open)).gate_open is opens


def test_one_bad_source_closes_the_gate_and_the_words_name_it():
    judgement = judged(sellers=Figure(200, 3))
    assert not judgement.gate_open
    assert verdicts(judgement) == ["pass", "pass", "hold"]
    assert judgement.text == "hold: sellers: 3 of 200 rows (1.50 %) are open in quarantine, 1 % may be"


def test_m_acceptance_is_of_all_sources_together():
    bad = {"orders": Figure(10, 3), "refunds": Figure(10, 2)}
    assert not judged(**bad, accepted=4).gate_open
    judgement = judged(**bad, accepted=5)
    assert judgement.gate_open
    assert verdicts(judgement) == ["pass (accepted)", "pass (accepted)", "pass"]
    assert {verdict.accepted for verdict in judgement.verdicts} == {5}
    assert judgement.text.startswith("pass (accepted): orders: 3 of 10")


def test_a_missing_figure_holds_and_cannot_be_accepted():
    judgement = judged(refunds=None, accepted=1000)
    assert verdicts(judgement) == ["pass", "hold", "pass"]
    assert (judgement.verdicts[1].window_rows, judgement.verdicts[1].open_quarantined) == (None, None)


@pytest.mark.parametrize("newest_day", [None, date(2026, 1, 1)])
def test_p_a_date_later_than_the_data_holds_whatever_is_accepted(newest_day):
    judgement = judged(newest_day=newest_day, accepted=1000)
    assert set(verdicts(judgement)) == {"hold"}
    assert "no_data_for_date" in judgement.text


def test_a_closed_date_passes_whatever_the_figures_say():
    judgement = judged(orders=Figure(1, 1), refunds=None, closed=True, newest_day=None)
    assert judgement.gate_open
    assert set(verdicts(judgement)) == {"pass (closed)"}


def test_expectation_counts_are_summed_over_all_events_of_an_update_and_kept_once(spark):
    def details(*counts: tuple[str, int, int]) -> str:
        found = ", ".join(
            f'{{"name": "{name}", "dataset": "orders", "passed_records": {passed}, "failed_records": {failed}}}'
            for name, passed, failed in counts
        )
        return f'{{"flow_progress": {{"status": "RUNNING", "data_quality": {{"expectations": [{found}]}}}}}}'

    before, after = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 2, 0, 0, 1, tzinfo=UTC)
    event_log = spark.createDataFrame(
        [
            (before, ("u1",), "flow_progress", details(("amount_positive", 1, 1))),
            (after, ("u2",), "flow_progress", details(("amount_positive", 5, 1), ("key_present", 6, 0))),
            (after, ("u2",), "flow_progress", details(("amount_positive", 2, 1))),
            (after, ("u2",), "flow_progress", '{"flow_progress": {"status": "COMPLETED"}}'),
            (after, ("u2",), "update_progress", details(("amount_positive", 9, 9))),
            (after, ("u3",), "flow_progress", details(("amount_positive", 4, 0))),
        ],
        "timestamp timestamp, origin struct<update_id: string>, event_type string, details string",
    )
    counts = expectation_counts(event_log, since=before)
    new = new_counts(counts, known_updates={"u3"}, severities={"amount_positive": "drop"})
    assert sorted((c.update_id, c.rule, c.severity, c.passed, c.failed) for c in new) == [
        ("u2", "amount_positive", "drop", 7, 2),
        ("u2", "key_present", None, 6, 0),
    ]
