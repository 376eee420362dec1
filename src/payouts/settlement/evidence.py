"""The expectation counts of the pipeline's event log: evidence beside a verdict, never its ground.

Counters cover the rows of one update only, and an update without new rows reports none: a gate that read them would
open on a rerun without data. They are kept because the event log is not.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from payouts.ledger.records import ExpectationCount

_EXPECTATIONS = "array<struct<name string, dataset string, passed_records bigint, failed_records bigint>>"


def expectation_counts(event_log: DataFrame, since: datetime | None) -> DataFrame:
    """Sums the counts of each update, dataset and rule.

    Args:
        event_log: As published by Lakeflow: timestamp, origin.update_id, event_type, details as a JSON string.
        since: Events up to this time belong to earlier dates; None for all.

    Returns:
        update_id, dataset, rule, passed, failed. Every `flow_progress` event counts, not only the last of a flow:
        each reports the rows since the one before.
    """
    events = event_log.where(F.col("event_type") == "flow_progress")
    if since is not None:
        events = events.where(F.col("timestamp") > F.lit(since))
    found = F.get_json_object(F.col("details").cast("string"), "$.flow_progress.data_quality.expectations")
    return (
        events.select(
            F.col("origin.update_id").alias("update_id"), F.explode(F.from_json(found, _EXPECTATIONS)).alias("counted")
        )
        .groupBy("update_id", F.col("counted.dataset").alias("dataset"), F.col("counted.name").alias("rule"))
        .agg(F.sum("counted.passed_records").alias("passed"), F.sum("counted.failed_records").alias("failed"))
    )


def new_counts(
    counts: DataFrame, known_updates: Collection[str], severities: Mapping[str, str]
) -> list[ExpectationCount]:
    """The counts of updates that the ledger does not have yet, with the severity that the rule has today."""
    return [
        ExpectationCount(
            update_id=row.update_id,
            dataset=row.dataset,
            rule=row.rule,
            severity=severities.get(row.rule),
            passed=row.passed,
            failed=row.failed,
        )
        for row in counts.collect()
        if row.update_id not in known_updates
    ]
