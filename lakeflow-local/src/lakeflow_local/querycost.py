"""How Spark works on a query, by how much it reads: a question of cost alone, the answers are the same.

Compiling expressions costs some tenths of a second a query, interpreting them some microseconds a row: measured on two
cores, a third of the time of an update of small tables goes into compiling, and a million rows take three to five times
as long when they are interpreted. So what is small is interpreted. Nor are files left out by their statistics then,
which costs a job for each table while a query is planned; nor is a plan adapted to what its stages turned out to be,
which makes each stage a job of its own.
"""

from __future__ import annotations

CODEGEN = "spark.sql.codegen.factoryMode"
INTERPRET, COMPILE = "NO_CODEGEN", "FALLBACK"
SKIPPING = "spark.databricks.delta.stats.skipping"
ADAPTIVE = "spark.sql.adaptive.enabled"
# About seventy thousand rows, where the one costs as much as the other.
SMALL_QUERY_BYTES = 4 * 1024 * 1024


def settings_for(bytes_read: int) -> dict[str, str]:
    """Spark settings for a query that reads so many bytes of files."""
    small = bytes_read <= SMALL_QUERY_BYTES
    for_large = "false" if small else "true"
    return {CODEGEN: INTERPRET if small else COMPILE, SKIPPING: for_large, ADAPTIVE: for_large}


def settings_for_tasks(bytes_in_warehouse: int) -> dict[str, str]:
    """Spark settings for the queries of tasks, of which nothing is known but how much there is to read."""
    return settings_for(bytes_in_warehouse // 8)
