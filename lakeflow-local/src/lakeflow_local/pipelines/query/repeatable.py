"""What the resolved plan of a query tells of whether it gives the same rows again."""

from __future__ import annotations

import re

from pyspark.sql import DataFrame

from lakeflow_local.pipelines.query.evaluate import Notes

# Functions whose value changes from query to query, though Spark calls them deterministic within one.
_VOLATILE = re.compile(
    r"\b(current_timestamp|current_date|current_time|localtimestamp|now|current_user|session_user|user|rand|randn|random|uuid|shuffle"
    r"|monotonically_increasing_id|spark_partition_id|input_file_name|unix_timestamp\(current_timestamp)\(",
    re.IGNORECASE,
)


def is_repeatable(frame: DataFrame) -> bool:
    """Whether a batch query gives the same rows again as long as the versions of its tables are the same."""
    plan = frame._jdf.queryExecution().analyzed()
    if not plan.deterministic() or _VOLATILE.search(plan.toString()):
        return False
    leaves = plan.collectLeaves()
    for index in range(leaves.size()):
        leaf = leaves.apply(index)
        name = leaf.nodeName()
        if name.startswith(("LocalRelation", "OneRowRelation", "Range", "CTERelationRef")):
            continue
        if "LogicalRelation" in leaf.getClass().getName() and leaf.catalogTable().isDefined():
            continue
        return False  # files, frames made in Python: their content has no version
    return True


def reads_only_known_streams(frame: DataFrame, notes: Notes) -> bool:
    """Whether every streaming source of a plan is a table or folder whose state was noted."""
    leaves = frame._jdf.queryExecution().analyzed().collectLeaves()
    found = [leaves.apply(index) for index in range(leaves.size())]
    # Each leaf is asked, as a source of files shows only its path in the text of a plan.
    return sum(leaf.isStreaming() and leaf.nodeName() != "CTERelationRef" for leaf in found) <= notes.streams
