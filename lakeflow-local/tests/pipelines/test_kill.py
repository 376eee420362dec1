"""A killed update is continued by the next one: no row lost, none doubled, and no event of its log either.

`KILLS=n` kills n updates at a random time as well, `KILL_SEED=m` at other ones.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

MOMENTS = (
    "before_commit:changes",
    "after_commit:changes",
    "after_changes:accounts",  # the changes are in AUTO CDC's own table, the target does not have them
    "after_commit:history",
    "after_carried:history",  # each key's newest change is written, and the memory does not name it
    "after_reset:changes",
    "in_write:totals",
    "log_written:log_written_pipeline",
    "log_published:log_published_pipeline",
    "after_commit:archive",
    "after_commit:photos",
    "after_commit:outside",
)
SOME = ("after_commit:changes", "after_changes:accounts", "log_written:log_written_pipeline")
SOURCE = """
import os
import signal
from pyspark import pipelines as dp
from pyspark.sql import functions as F

fifo = spark.conf.get("fifo")

@dp.table
def changes():
    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
    return reader.schema("id INT, at INT, level INT").load(spark.conf.get("landing"))

for target, scd_type in (("accounts", 1), ("history", 2)):
    dp.create_streaming_table(target)
    dp.create_auto_cdc_flow(target, "changes", ["id"], "at", column_list=["id", "level"], stored_as_scd_type=scd_type)

@F.udf("long")
def told(n):
    if os.path.exists(fifo):
        with open(fifo, "w") as pipe:
            pipe.write("!")
        signal.pause()
    return n

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
    return spark.sql("SELECT count(*) AS n, sum(level) AS level FROM accounts").withColumn("n", told("n"))
"""
CHANGES = [{"id": n % 7, "at": n, "level": n * n} for n in range(20)]


@pytest.fixture
def script(tmp_path):
    """The command that runs updates of a project in `tmp_path`."""
    (tmp_path / "transformations").mkdir()
    (tmp_path / "landing").mkdir()
    (tmp_path / "transformations" / "accounts.py").write_text(SOURCE)
    (tmp_path / "landing" / "1.json").write_text("\n".join(map(json.dumps, CHANGES)))
    return [sys.executable, str(Path(__file__).with_name("killed_update.py")), str(tmp_path)]


def check_every_row_is_there_once(script, names):
    """Update each pipeline once more, and compare all of its tables with what landed."""
    after = subprocess.run([*script, ",".join(names), "-"], capture_output=True, text=True)
    assert after.returncode == 0, after.stderr
    newest = {change["id"]: change for change in CHANGES}
    expected = {
        "changes": sorted([change["id"], change["at"], change["level"]] for change in CHANGES),
        "accounts": sorted([change["id"], change["level"]] for change in newest.values()),
        "archive": [[0], [1], [2]],
        "copy": sorted([change["id"], change["at"], change["level"]] for change in CHANGES),
        "totals": [[len(newest), sum(change["level"] for change in newest.values())]],
    }
    for name, found in json.loads(after.stdout).items():
        assert {table: found[table] for table in expected} == expected, name
        assert len(found["history"]) == len(CHANGES), name
        assert [row[0] for row in found["history"] if row[3] is None] == sorted(newest), name
        assert found["events"] == found["events_written"], name
        assert [row[:2] for row in found["photos"] if row[3] is None] == found["accounts"], name
        assert len(found["photos"]) == len(newest), name  # taken twice, and no version more


@pytest.mark.slow
@pytest.mark.timeout(1800)  # up to thirteen processes with a Spark each
@pytest.mark.parametrize("moments", [SOME, pytest.param(MOMENTS, marks=pytest.mark.exhaustive)], ids=["some", "all"])
def test_killed_at_a_named_moment_and_run_again_every_row_is_there_once(script, moments):
    names = [
        dataset if dataset.endswith("_pipeline") else f"{point}_{dataset}"
        for point, dataset in (moment.split(":") for moment in moments)
    ]
    for name, moment in zip(names, moments, strict=True):
        killed = subprocess.run([*script, name, moment], capture_output=True, text=True)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    check_every_row_is_there_once(script, names)


@pytest.mark.slow
@pytest.mark.skipif("KILLS" not in os.environ, reason="asked for with KILLS=n")
def test_killed_at_random_times_and_run_again_every_row_is_there_once(script):
    rng = random.Random(int(os.environ.get("KILL_SEED", "1")))
    started = time.monotonic()
    subprocess.run([*script, "undisturbed", "-"], check=True, capture_output=True)
    whole = time.monotonic() - started
    names = [f"killed_{number}" for number in range(int(os.environ["KILLS"]))]
    for name in names:
        seconds = rng.uniform(whole / 4, whole)  # the session takes the first quarter
        print(f"{name} after {seconds:.2f} s of {whole:.2f} s")
        with subprocess.Popen([*script, name, "-"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as update:
            try:
                update.wait(seconds)
            except subprocess.TimeoutExpired:
                update.kill()
    check_every_row_is_there_once(script, names)
