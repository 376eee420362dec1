"""A killed update is continued by the next one: no row lost, none doubled."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

MOMENTS = (
    "before_commit:changes",
    "after_commit:changes",
    "after_changes:accounts",
    "after_commit:history",
    "after_reset:changes",
    "after_commit:archive",
    "after_commit:photos",
    "after_commit:outside",
)
SOURCE = """
from pyspark import pipelines as dp

@dp.table
def changes():
    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
    return reader.schema("id INT, at INT, level INT").load(spark.conf.get("landing"))

for target, scd_type in (("accounts", 1), ("history", 2)):
    dp.create_streaming_table(target)
    dp.create_auto_cdc_flow(target, "changes", ["id"], "at", column_list=["id", "level"], stored_as_scd_type=scd_type)

dp.create_streaming_table("archive")

@dp.append_flow(target="archive", once=True)
def old():
    return spark.range(3)

dp.create_streaming_table("photos")
dp.create_auto_cdc_from_snapshot_flow("photos", "accounts", ["id"], stored_as_scd_type=2)

dp.create_sink("outside", "delta", {"tableName": spark.catalog.currentDatabase() + ".copy"})

@dp.append_flow(target="outside")
def copied():
    return spark.readStream.table("changes")

@dp.materialized_view
def totals():
    return spark.sql("SELECT count(*) AS n, sum(level) AS level FROM accounts")
"""


@pytest.mark.slow
def test_killed_at_any_named_moment_and_run_again_every_row_is_there_once(tmp_path):
    (tmp_path / "transformations").mkdir()
    (tmp_path / "landing").mkdir()
    (tmp_path / "transformations" / "accounts.py").write_text(SOURCE)
    changes = [{"id": n % 7, "at": n, "level": n * n} for n in range(20)]
    (tmp_path / "landing" / "1.json").write_text("\n".join(map(json.dumps, changes)))
    script = [sys.executable, str(Path(__file__).with_name("killed_update.py")), str(tmp_path)]
    names = [moment.replace(":", "_") for moment in MOMENTS]
    for name, moment in zip(names, MOMENTS, strict=True):
        killed = subprocess.run([*script, name, moment], capture_output=True, text=True)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    after = subprocess.run([*script, ",".join(names), "-"], capture_output=True, text=True)
    assert after.returncode == 0, after.stderr
    newest = {change["id"]: change for change in changes}
    expected = {
        "changes": sorted([change["id"], change["at"], change["level"]] for change in changes),
        "accounts": sorted([change["id"], change["level"]] for change in newest.values()),
        "archive": [[0], [1], [2]],
        "copy": sorted([change["id"], change["at"], change["level"]] for change in changes),
        "totals": [[len(newest), sum(change["level"] for change in newest.values())]],
    }
    for name, found in json.loads(after.stdout).items():
        assert {table: found[table] for table in expected} == expected, name
        assert len(found["history"]) == len(changes), name
        assert [row[0] for row in found["history"] if row[3] is None] == sorted(newest), name
        assert [row[:2] for row in found["photos"] if row[3] is None] == found["accounts"], name
        assert len(found["photos"]) == len(newest), name  # taken twice, and no version more
