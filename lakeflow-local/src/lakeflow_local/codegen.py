"""Whether Spark compiles its expressions or interprets them: a question of cost alone, the answers are the same.

Compiling costs some tenths of a second a query, interpreting some microseconds a row: measured on two cores, a third of
the time of an update of small tables goes into compiling, and a million rows take three to five times as long when they
are interpreted. So what is small is interpreted.
"""

from __future__ import annotations

SETTING = "spark.sql.codegen.factoryMode"
INTERPRET, COMPILE = "NO_CODEGEN", "FALLBACK"
# About seventy thousand rows, where the one costs as much as the other.
SMALL_QUERY_BYTES = 4 * 1024 * 1024


def mode_for(bytes_read: int) -> str:
    """The value of SETTING for a query that reads so many bytes of files."""
    return INTERPRET if bytes_read <= SMALL_QUERY_BYTES else COMPILE


def mode_for_tasks(bytes_in_warehouse: int) -> str:
    """The value of SETTING for the queries of tasks, of which nothing is known but how much there is to read."""
    return mode_for(bytes_in_warehouse // 8)
