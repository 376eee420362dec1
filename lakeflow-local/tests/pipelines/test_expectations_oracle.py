"""Expectations equal a plain Python oracle: many random cases of rules and rows, over everything that may carry rules.

A case is some rules that judge the rows of that case only, so that one dataset carries many. `ORACLE_SEED=n` tries
other ones.
"""

import json
import os
import random
from collections import Counter

import pytest
from expectations_oracle import DROP, FAIL, WARN, random_case

pytestmark = pytest.mark.slow

CASES = 500 if os.environ.get("MANY_CASES") else 150  # half of them with ANSI on
SEED = int(os.environ.get("ORACLE_SEED", "20260101"))

# What carries the rules, and how often each kept row is in the table that it makes.
CARRIERS = {
    "stream": 1,
    "batch": 1,
    "view_read_once": 1,
    "view_read_twice": 2,
    "stream_view_before_auto_cdc": 1,
    "two_append_flows": 1,
    "by_sql": 1,
}
SOURCE = """
    import json
    from pathlib import Path
    from pyspark import pipelines as dp

    SCHEMA = "carrier STRING, case_id INT, row_id INT, a INT, b INT, s STRING"
    RULES = json.loads(Path(spark.conf.get("rules")).read_text())

    @dp.table
    def landed():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema(SCHEMA).load(spark.conf.get("landing"))

    def rules(carrier):
        def decorate(function):
            for severity, expect_all in (
                ("warn", dp.expect_all), ("drop", dp.expect_all_or_drop), ("fail", dp.expect_all_or_fail)
            ):
                function = expect_all(RULES[carrier][severity])(function)
            return function
        return decorate

    @dp.table
    @rules("stream")
    def stream():
        return spark.readStream.table("landed").where("carrier = 'stream'")

    @dp.materialized_view
    @rules("batch")
    def batch():
        return spark.read.table("landed").where("carrier = 'batch'")

    @dp.temporary_view
    @rules("view_read_once")
    def view_1():
        return spark.read.table("landed").where("carrier = 'view_read_once'")

    @dp.materialized_view
    def view_read_once():
        return spark.read.table("view_1").where("row_id IS NOT NULL")

    @dp.temporary_view
    @rules("view_read_twice")
    def view_2():
        return spark.read.table("landed").where("carrier = 'view_read_twice'")

    @dp.materialized_view
    def view_read_twice():
        one, other = spark.read.table("view_2"), spark.read.table("view_2")
        return one.union(other.join(one.select("row_id"), "row_id", "left").select(*one.columns)).where("row_id > 0")

    @dp.temporary_view
    @rules("stream_view_before_auto_cdc")
    def view_3():
        return spark.readStream.table("landed").where("carrier = 'stream_view_before_auto_cdc'")

    dp.create_streaming_table("stream_view_before_auto_cdc")
    dp.create_auto_cdc_flow("stream_view_before_auto_cdc", "view_3", ["row_id"], "a IS NULL")

    dp.create_streaming_table("newest_of_stream")
    dp.create_auto_cdc_flow("newest_of_stream", "stream", ["row_id"], "a IS NULL")

    given = RULES["two_append_flows"]
    dp.create_streaming_table(
        "two_append_flows",
        schema=SCHEMA,
        expect_all=given["warn"],
        expect_all_or_drop=given["drop"],
        expect_all_or_fail=given["fail"],
    )
    for half in (0, 1):
        @dp.append_flow(target="two_append_flows", name=f"half_{half}")
        def rows(half=half):
            return spark.readStream.table("landed").where(f"carrier = 'two_append_flows' AND row_id % 2 = {half}")

    def refused(carrier):
        passes = " AND ".join(f"coalesce({rule}, false)" for rule in RULES[carrier]["drop"].values()) or "true"
        return f"(carrier = '{carrier}' AND NOT ({passes}))"

    @dp.materialized_view
    def quarantine():
        return spark.read.table("landed").where(" OR ".join(map(refused, RULES)))
"""


class World:
    """A project with random cases, half of each carrier's rows landed in each of two updates."""

    def __init__(self, make_project, *, ansi):
        rng = random.Random(SEED + ansi)
        numbers = range(1, CASES // 2 + 1)
        self.cases = {carrier: [] for carrier in CARRIERS}
        for number in numbers:
            self.cases[rng.choice(list(CARRIERS))].append(random_case(rng, number, ansi=ansi))
        self.batches = {row["row_id"]: rng.randint(0, 1) for case in self.all_cases() for row in case.rows}
        self.project = make_project({"carriers.py": SOURCE, "by_sql.sql": self._sql()})
        rules = self.project.root / "rules.json"
        rules.write_text(json.dumps({carrier: self._rules(carrier) for carrier in CARRIERS}))
        self.project.spec["configuration"] |= {"rules": str(rules), "spark.sql.ansi.enabled": str(ansi).lower()}
        self.updates = [self._update(batch) for batch in (0, 1)]

    def all_cases(self):
        return [case for cases in self.cases.values() for case in cases]

    def _rules(self, carrier):
        found = {WARN: {}, DROP: {}, FAIL: {}}
        for case in self.cases[carrier]:
            for rule in case.rules:
                found[rule.severity][rule.name] = f"(case_id <> {case.number} OR ({rule.predicate.sql}))"
        return found

    def _sql(self):
        actions = {WARN: "", DROP: "ON VIOLATION DROP ROW", FAIL: "ON VIOLATION FAIL UPDATE"}
        rules = ",\n".join(
            f"CONSTRAINT {name} EXPECT ({predicate}) {actions[severity]}"
            for severity, given in self._rules("by_sql").items()
            for name, predicate in given.items()
        )
        return f"CREATE STREAMING TABLE by_sql ({rules}) AS SELECT * FROM STREAM(landed) WHERE carrier = 'by_sql'"

    def _update(self, batch):
        rows = [
            {"carrier": carrier, **row}
            for carrier, cases in self.cases.items()
            for case in cases
            for row in case.rows
            if self.batches[row["row_id"]] == batch
        ]
        self.project.land(f"{batch}.json", *rows)
        update = self.project.update()
        assert update.state == "COMPLETED", update.error
        return update

    def rows(self, case, carrier, batch):
        """The rows of a case that an update judges: streams the new ones, batches all."""
        is_batch = carrier in ("batch", "view_read_once", "view_read_twice")
        return [row for row in case.rows if self.batches[row["row_id"]] == batch or (is_batch and batch == 1)]

    def landed(self, carrier, batch):
        return [row for case in self.cases[carrier] for row in self.rows(case, carrier, batch)]


@pytest.fixture(scope="module", params=[True, False], ids=["ansi", "not ansi"])
def world(make_project, request):
    return World(make_project, ansi=request.param)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_each_rule_counts_what_the_oracle_counts_in_both_updates(world, carrier):
    times = CARRIERS[carrier]  # a view that is read twice counts twice, though the query uses one read two times
    for batch, update in enumerate(world.updates):
        found, total = update[carrier].expectations, len(world.landed(carrier, batch))
        assert set(found) == {rule.name for case in world.cases[carrier] for rule in case.rules}
        wrong = []
        for case in world.cases[carrier]:
            for rule in case.rules:
                failed = case.failed(rule, world.rows(case, carrier, batch))
                expected = (times * (total - failed), times * failed)
                counted = (found[rule.name].passed_records, found[rule.name].failed_records)
                if counted != expected:
                    wrong.append((rule.name, rule.predicate.sql, "expected", expected, "counted", counted))
        assert not wrong


@pytest.mark.parametrize("carrier", CARRIERS)
def test_the_kept_rows_and_the_quarantine_are_the_oracles_and_together_all_rows(world, carrier):
    kept = Counter(row for case in world.cases[carrier] for row in case.kept(case.rows))
    there = Counter(row for (row,) in world.project.rows(carrier, "row_id"))
    assert there == Counter({row: CARRIERS[carrier] * times for row, times in kept.items()})
    quarantine = {row for row, name in world.project.rows("quarantine", "row_id", "carrier") if name == carrier}
    assert quarantine == {row["row_id"] for case in world.cases[carrier] for row in case.rows} - set(kept)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_dropped_rows_are_counted_once_however_many_rules_refuse_them(world, carrier):
    for batch, update in enumerate(world.updates):
        dropped = 0
        for case in world.cases[carrier]:
            rows = world.rows(case, carrier, batch)
            dropped += len(rows) - len(case.kept(rows))
        assert update[carrier].dropped_records == dropped * CARRIERS[carrier]


def test_auto_cdc_of_a_table_with_rules_has_the_rows_that_they_let_through(world):
    assert world.project.rows("newest_of_stream", "row_id") == world.project.rows("stream", "row_id")
