"""Judges the settlement date from the tables, and records verdict and evidence. Decides on its own whether money moves.

Task values: settlement_date, gate_open ("true" or "false"), verdict (for people).
"""

import argparse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pyspark.errors import PySparkException

from payouts.ledger import DeltaLedger, ExpectationCount, Settlement, is_closed, newest_settlement
from payouts.rules import CONFLICT_RULES, ENTRY_RULES, RULES
from payouts.settlement.attempt import utc_now
from payouts.settlement.evidence import expectation_counts, new_counts
from payouts.settlement.gate import judge
from payouts.settlement.settlement_date import settlement_date
from payouts.tasks.arguments import amount, count, task_parser
from payouts.tasks.context import set_task_value, spark
from payouts.tasks.tables import PipelineTables

SOURCE_NAMES = tuple(RULES)


def parser() -> argparse.ArgumentParser:
    """The arguments of this task."""
    arguments = task_parser("assess_quality", __doc__.splitlines()[0])
    arguments.add_argument("--settlement_date", required=True, help="YYYY-MM-DD; empty: the day before the trigger")
    arguments.add_argument("--triggered_at", required=True, help="trigger time of the run, ISO 8601")
    arguments.add_argument("--settlement_timezone", required=True)
    for source in SOURCE_NAMES:
        arguments.add_argument(f"--max_quarantined_{source}_percent", type=amount, required=True)
    arguments.add_argument("--accepted_quarantined_rows", type=count, required=True)
    arguments.add_argument("--event_log", required=True, help="the published event log, in the pipeline's schema")
    return arguments


def main() -> None:
    """Judges, records, and sets the task values that the gate reads."""
    arguments = parser().parse_args()
    day = settlement_date(arguments.settlement_date, arguments.triggered_at, arguments.settlement_timezone)
    set_task_value("settlement_date", day.isoformat())  # before anything can fail: whoever is told, is told the date
    tables = PipelineTables(spark(), arguments.catalog, arguments.pipeline_schema)
    ledger = DeltaLedger(spark(), arguments.catalog, arguments.ledger_schema)
    ledger.create()

    settlements = ledger.settlements()
    since = newest_settlement(settlements)
    with ThreadPoolExecutor() as beside:  # the evidence is looked for meanwhile
        window = beside.submit(tables.window_figures, since, arguments.settlement_timezone)
        evidence = _evidence(tables, ledger, since, arguments.event_log)
        figures, newest_day = window.result()
    judgement = judge(
        settlement_date=day,
        closed=is_closed(settlements, day),
        newest_day=newest_day,
        figures=figures,
        thresholds={name: getattr(arguments, f"max_quarantined_{name}_percent") for name in SOURCE_NAMES},
        accepted=arguments.accepted_quarantined_rows,
        judged_at=utc_now(),
    )
    ledger.add_verdicts(judgement.verdicts)
    ledger.add_expectation_counts(evidence)
    print(f"{day}: {judgement.text}")
    set_task_value("verdict", judgement.text)
    set_task_value("gate_open", "true" if judgement.gate_open else "false")


def _evidence(
    tables: PipelineTables, ledger: DeltaLedger, since: Settlement | None, event_log: str
) -> Sequence[ExpectationCount]:
    if not event_log or not tables.exists(event_log):
        print(f"warning: there is no event log {event_log!r}; this judgement has no expectation counts beside it")
        return ()
    severities = {
        rule.name: rule.severity.value for rules in (*RULES.values(), CONFLICT_RULES, ENTRY_RULES) for rule in rules
    }
    try:
        counts = expectation_counts(tables.read(event_log), since.planned_at if since else None)
        new = new_counts(counts, ledger.counted_updates(), severities)
    except PySparkException as error:  # an event log that changed or is not ours to read must not stop payouts
        print(f"warning: the event log {event_log!r} cannot be read: {error}")
        return ()
    if not new:
        print("warning: the event log has no new expectation counts; it may be late, or the update had no new rows")
    return new


if __name__ == "__main__":
    main()
