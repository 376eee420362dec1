"""How Spark works on queries, by how much there is to read: a question of cost alone, the answers are the same.

Compiling expressions costs some tenths of a second a query, interpreting them some microseconds a row: measured on two
cores, a third of the time of an update of small tables goes into compiling, and a million rows take three to five times
as long when they are interpreted. So what is small is interpreted. Nor are files left out by their statistics then,
which costs a job for each table while a query is planned (but for tables with deletion vectors, which Delta reads in no
other way; the files of a small table are known without a job, see SmallTables.java); nor is a plan adapted to what its
stages turned out to be, which makes each stage a job of its own.

Chosen once for a session or an update, as queries that run at once share its settings.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

CODEGEN = "spark.sql.codegen.factoryMode"
INTERPRET, COMPILE = "NO_CODEGEN", "FALLBACK"
SKIPPING = "spark.databricks.delta.stats.skipping"
ADAPTIVE = "spark.sql.adaptive.enabled"
# About seventy thousand rows, where the one costs as much as the other.
SMALL_QUERY_BYTES = 4 * 1024 * 1024
_QUERIES_SHARE = 8  # one query reads perhaps this part of a warehouse


def settings_for(warehouse: Path, landing: Iterable[Path] = ()) -> dict[str, str]:
    """Spark settings for queries over a warehouse and folders of files that land, each of which one query reads."""
    large = _is_beyond(warehouse.rglob("*.parquet"), _QUERIES_SHARE * SMALL_QUERY_BYTES)
    large = large or any(_is_beyond(folder.rglob("*"), SMALL_QUERY_BYTES) for folder in landing)
    for_large = "true" if large else "false"
    return {CODEGEN: COMPILE if large else INTERPRET, SKIPPING: for_large, ADAPTIVE: for_large}


def has_deletion_vectors(warehouse: Path) -> bool:
    """Whether a table of a warehouse may have some: its log names the feature."""
    commits = warehouse.glob("*/*/_delta_log/*.json")
    return any(b"deletionVectors" in commit.read_bytes() for commit in commits)


def _is_beyond(files: Iterable[Path], limit: int) -> bool:
    """Whether files have more bytes than a limit; it looks no further than that takes."""
    total = 0
    for file in files:
        total += file.stat().st_size if file.is_file() else 0
        if total > limit:
            return True
    return False
