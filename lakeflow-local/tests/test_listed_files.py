"""A table's files by the checksum file of its version: the same rows as by Delta's own listing, and no job for it."""

import random
from threading import Thread

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from lakeflow_local.querycost import SKIPPING

PROPERTIES = ("'delta.enableDeletionVectors' = 'true'", "'delta.enableChangeDataFeed' = 'true'", "'team' = 'nobody'")


@pytest.fixture
def session(spark):
    session = spark.newSession()
    session.sql("CREATE SCHEMA IF NOT EXISTS listed")
    session.conf.set(SKIPPING, "false")
    yield session
    session.sql("DROP SCHEMA listed CASCADE")


def change(session, random):
    k, n = random.randrange(12), random.randrange(100)
    session.sql(
        random.choice(
            [
                f"INSERT INTO listed.t SELECT id, {n} FROM range({k}, {k + random.randrange(6)})",
                f"DELETE FROM listed.t WHERE k = {k}",
                f"DELETE FROM listed.t WHERE k % 3 = {k % 3}",
                f"UPDATE listed.t SET n = n + 1 WHERE k < {k}",
                f"MERGE INTO listed.t USING (SELECT explode(array({k}, {k + 9})) AS k) s ON t.k = s.k "
                f"WHEN MATCHED THEN UPDATE SET n = {n} WHEN NOT MATCHED THEN INSERT (k, n) VALUES (s.k, {n})",
                "INSERT OVERWRITE listed.t SELECT k, max(n) FROM listed.t GROUP BY k",
                "OPTIMIZE listed.t",
            ]
        )
    )


def rows(session, *, listed, version=None):
    session.conf.set(SKIPPING, str(not listed).lower())
    at = "" if version is None else f" VERSION AS OF {version}"
    found = session.sql(f"SELECT k, n FROM listed.t{at} WHERE k > 2").collect()
    session.conf.set(SKIPPING, "false")
    return sorted(tuple(row) for row in found)


@pytest.mark.parametrize(
    ("seed", "partitioned"),
    [
        (0, ""),
        pytest.param(1, "PARTITIONED BY (k)", marks=pytest.mark.slow),
        *(pytest.param(seed, "", marks=pytest.mark.slow) for seed in (2, 3, 4)),
    ],
)
def test_the_rows_are_those_of_deltas_own_listing_after_any_history(session, seed, partitioned):
    chance = random.Random(seed)
    session.sql(
        f"CREATE TABLE listed.t (k BIGINT, n INT) {partitioned} TBLPROPERTIES ({', '.join(PROPERTIES[seed % 3 :])})"
    )
    session.sql("INSERT INTO listed.t SELECT id, 0 FROM range(12)")
    for _ in range(5):
        change(session, chance)
        assert rows(session, listed=True) == rows(session, listed=False)
    states = []
    for version in range(session.sql("DESCRIBE HISTORY listed.t").first()["version"] + 1):
        states.append(rows(session, listed=True, version=version))
        assert states[-1] == rows(session, listed=False, version=version)
    assert len({tuple(state) for state in states}) > 3


def test_a_new_version_is_read_without_asking_the_log(session):
    session.sql("CREATE TABLE listed.t (k BIGINT, n INT)")
    session.sql("INSERT INTO listed.t VALUES (1, 1)")
    context = session.sparkContext
    context.setJobGroup("listed", "what reading takes")
    try:
        assert session.table("listed.t").where("n = 1").count() == 1
    finally:
        context.setLocalProperty("spark.jobGroup.id", None)
    assert len(context.statusTracker().getJobIdsForGroup("listed")) <= 2  # the count's own, one a stage


def test_a_column_that_comes_later_is_read(session):
    session.sql("CREATE TABLE listed.t (k BIGINT)")
    session.sql("INSERT INTO listed.t VALUES (1)")
    session.sql("SELECT 2 AS k, 'x' AS text").write.option("mergeSchema", "true").mode("append").saveAsTable("listed.t")
    assert sorted(map(tuple, session.table("listed.t").collect())) == [(1, None), (2, "x")]


def test_a_write_that_read_what_another_has_changed_is_refused(session):
    session.sql("CREATE TABLE listed.t (n INT)")
    session.sql("INSERT INTO listed.t VALUES (0)")
    done = []

    def count_up():
        for _ in range(4):
            try:
                session.sql("INSERT OVERWRITE listed.t SELECT max(n) + 1 FROM listed.t")
            except (PySparkException, Py4JJavaError) as refused:
                assert "concurrent" in str(refused).lower()
            else:
                done.append(1)

    writers = [Thread(target=count_up) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert session.table("listed.t").first()["n"] == len(done) > 0
