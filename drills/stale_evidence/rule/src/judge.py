"""Judges the rows that are there now: good if none is broken."""

import json
import sys
from pathlib import Path

from databricks.sdk.runtime import dbutils

rows = [json.loads(line) for line in Path(sys.argv[1], "rows.jsonl").read_text().splitlines()]
dbutils.jobs.taskValues.set(key="verdict", value="good" if all(row["amount"] for row in rows) else "bad")
dbutils.jobs.taskValues.set(key="version", value=len(rows))  # what was judged, as a table's version would say it
