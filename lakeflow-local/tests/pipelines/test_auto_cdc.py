"""AUTO CDC equals a plain Python oracle: 500 accounts with random histories, shuffled, repeated, in random batches.

Each account is a case of its own; one feed holds them all, as a feed costs seconds and a key nothing. The updates are
slow; the fold alone is fast.
"""

import random
from collections import Counter
from dataclasses import dataclass

import pytest
from cdc_oracle import Change, filled, newest, since_truncate, versions

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.cdc import carried, cdc, change, difference, fold
from lakeflow_local.pipelines.model.model import CdcFlow, Place
from lakeflow_local.pipelines.store import failpoints
from lakeflow_local.spark.stored import log_version

pytestmark = pytest.mark.timeout(1800)  # `fed` is five updates of all targets: ten minutes on a busy machine

ACCOUNTS = 500
SOURCE = """
    from pyspark import pipelines as dp
    from pyspark.sql import functions as F

    @dp.table
    def account_changes():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        schema = "key INT, sequence INT, operation STRING, level INT, note STRING"
        return reader.schema(schema).load(spark.conf.get("landing"))

    SHARED = dict(source="account_changes", keys=["key"], apply_as_deletes=F.expr("operation = 'DELETE'"))

    FEED = {"delta.enableChangeDataFeed": "true"}

    dp.create_streaming_table("accounts", table_properties=FEED)
    dp.create_auto_cdc_flow("accounts", sequence_by="sequence", except_column_list=["operation"], **SHARED)

    dp.create_streaming_table("patched")
    dp.create_auto_cdc_flow(
        "patched", sequence_by=F.col("sequence"), except_column_list=["operation"], ignore_null_updates=True, **SHARED
    )

    dp.create_streaming_table("account_history", comment="It's by struct", table_properties=FEED)
    dp.create_auto_cdc_flow(
        "account_history",
        sequence_by=F.struct("sequence"),
        column_list=["key", "level", "note"],
        stored_as_scd_type=2,
        **SHARED,
    )
"""
BY_SQL = """
    CREATE STREAMING TABLE level_history;
    CREATE FLOW levels AS AUTO CDC INTO level_history FROM STREAM(account_changes) KEYS (key)
    APPLY AS DELETE WHEN operation = 'DELETE' SEQUENCE BY sequence COLUMNS * EXCEPT (operation, sequence)
    STORED AS SCD TYPE 2 TRACK HISTORY ON (level);

    CREATE STREAMING TABLE patched_history TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')
    FLOW AUTO CDC FROM STREAM account_changes KEYS (key)
    IGNORE NULL UPDATES ON * EXCEPT (note) APPLY AS DELETE WHEN operation = 'DELETE' SEQUENCE BY sequence
    COLUMNS * EXCEPT (operation, sequence) STORED AS SCD TYPE 2;

    CREATE STREAMING TABLE cleared TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true');
    CREATE FLOW clearing AS AUTO CDC INTO cleared FROM STREAM(account_changes) KEYS (key)
    APPLY AS DELETE WHEN operation = 'DELETE' APPLY AS TRUNCATE WHEN operation = 'CLEAR' SEQUENCE BY sequence
    COLUMNS * EXCEPT (operation) STORED AS SCD TYPE 1;
"""


def random_changes(rng):
    """Histories of up to six changes, and two truncates among them, which are plain changes to most flows."""
    changes = [Change(-1, 3, "CLEAR"), Change(-1, 7, "CLEAR")]
    for key in range(ACCOUNTS):
        for sequence in rng.sample(range(20), rng.randint(1, 6)):
            if rng.random() < 0.3:
                changes.append(Change(key, sequence, "DELETE"))
            else:
                changes.append(Change(key, sequence, "UPSERT", rng.choice([None, 1, 2]), rng.choice([None, "x", "y"])))
    repeated = changes + rng.sample(changes, len(changes) // 5)
    rng.shuffle(repeated)
    return repeated


# Each target with its columns, and what it holds after some changes.
TARGETS = {
    "accounts": (("key", "sequence", "level", "note"), newest),
    "patched": (("key", "sequence", "level", "note"), lambda changes: newest(filled(changes, "level", "note"))),
    "cleared": (("key", "sequence", "level", "note"), lambda changes: newest(since_truncate(changes))),
    "account_history": (("key", "level", "note", "__START_AT.sequence", "__END_AT.sequence"), versions),
    "level_history": (
        ("key", "level", "note", "__START_AT", "__END_AT"),
        lambda changes: versions(changes, tracked=lambda change: change.level),
    ),
    "patched_history": (
        ("key", "level", "note", "__START_AT", "__END_AT"),
        lambda changes: versions(filled(changes, "level")),
    ),
}
WITH_A_FEED = ("accounts", "cleared", "account_history", "patched_history")


@dataclass(frozen=True)
class Step:
    """What one update has made of one target: its rows and version before and after, and all changes so far."""

    before: list
    after: list
    versions: tuple
    changes: list


@pytest.fixture(scope="module")
def fed(make_project):
    """The project after five batches, and by target what each of them did.

    The first two are small, so that all changes are placed each time; from the third on the newest of each key are
    carried, and from the fourth on targets and stored changes count as large. The last one repeats what came before.
    """
    project = make_project({"accounts.py": SOURCE, "levels.sql": BY_SQL})
    rng = random.Random(20260101)
    changes = random_changes(rng)
    cuts = sorted(rng.sample(range(len(changes)), 3))
    batches = [changes[start:end] for start, end in zip([0, *cuts], [*cuts, len(changes)], strict=True)]
    batches.append(rng.sample(changes, 50))
    steps = {target: [] for target in TARGETS}
    rows, version = {target: [] for target in TARGETS}, dict.fromkeys(TARGETS, -1)
    for number, batch in enumerate(batches):
        project.land(f"{number}.json", *(vars(change) for change in batch))
        with pytest.MonkeyPatch.context() as patch:
            if number >= 2:
                patch.setattr(cdc, "SMALL_STORE_BYTES", 0)
            if number >= 3:
                patch.setattr(difference, "SMALL_TABLE_BYTES", 0)
                patch.setattr(cdc, "MOST_FILES", 1)
                for module in (cdc, carried):
                    patch.setattr(module, "LARGE_BYTES", 2048)
            update = project.update()
        assert update.state == "COMPLETED", update.error
        for target, (columns, _) in TARGETS.items():
            folder = project.root_of(target)
            step = Step(rows[target], project.rows(target, *columns), (version[target], log_version(folder)), [])
            step.changes.extend(change for earlier in batches[: number + 1] for change in earlier)
            steps[target].append(step)
            rows[target], version[target] = step.after, step.versions[1]
    return project, steps


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_a_target_holds_after_each_update_what_the_oracle_says(fed, target):
    _, steps = fed
    for number, step in enumerate(steps[target]):
        assert step.after == TARGETS[target][1](step.changes), number


@pytest.mark.slow
@pytest.mark.parametrize("target", WITH_A_FEED)
def test_the_change_feed_tells_of_each_row_that_differs_and_of_no_other(fed, target):
    project, steps = fed
    for number, step in enumerate(steps[target]):
        feed = project.change_feed(target, *step.versions, *TARGETS[target][0])
        came = Counter(row for kind in ("insert", "update_postimage") for row in feed[kind])
        went = Counter(row for kind in ("delete", "update_preimage") for row in feed[kind])
        assert came == Counter(step.after) - Counter(step.before), number
        assert went == Counter(step.before) - Counter(step.after), number
        assert len(feed["update_preimage"]) == len(feed["update_postimage"])
        identity = slice(0, 1) if target in ("accounts", "cleared") else slice(0, 4, 3)
        told = [row[identity] for kind in ("insert", "delete", "update_preimage") for row in feed[kind]]
        assert len(told) == len(set(told)), number  # an update is no delete with an insert


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_an_update_that_changes_no_row_makes_no_version(fed, target):
    _, steps = fed
    last = steps[target][-1]
    assert last.before == last.after
    assert last.versions[0] == last.versions[1]


@pytest.mark.slow
def test_the_columns_of_a_history_are_those_of_its_source_and_the_two_of_time(fed):
    project, _ = fed
    names = project.spark.table(f"{project.schema}.level_history").columns
    assert names == ["key", "level", "note", "__START_AT", "__END_AT"]


@pytest.mark.slow
def test_an_update_that_ends_between_its_steps_is_continued_by_the_next(make_project, monkeypatch):
    source = """
        from pyspark import pipelines as dp

        @dp.table
        def account_changes():
            reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
            schema = "key INT, sequence INT, operation STRING, level INT, note STRING"
            return reader.schema(schema).load(spark.conf.get("landing"))

        dp.create_streaming_table("history", table_properties={"delta.enableChangeDataFeed": "true"})
        dp.create_auto_cdc_flow(
            "history", "account_changes", ["key"], "sequence", apply_as_deletes="operation = 'DELETE'",
            column_list=["key", "level", "note"], stored_as_scd_type=2,
        )
    """
    project = make_project({"history.py": source})
    monkeypatch.setattr(cdc, "SMALL_STORE_BYTES", 0)
    steps = []
    monkeypatch.setattr(failpoints, "_callbacks", [lambda name, dataset: steps.append(name)])
    landed = [Change(key, sequence, "UPSERT", key, None) for key in range(5) for sequence in (1, 3)]
    columns = ("key", "level", "note", "__START_AT", "__END_AT")
    project.land("0.json", *map(vars, landed))
    assert project.update().state == "COMPLETED"
    folder = project.root_of("history")
    for number, point in enumerate(["after_changes", "after_commit", "after_carried"], start=1):
        # One key goes on, one ends, one is new, and one has a change between those that it has.
        batch = [
            Change(0, 10 * number, "UPSERT", number),
            Change(1, 10 * number, "DELETE"),
            Change(1, 10 * number + 1, "UPSERT", number),
            Change(10 + number, 1, "UPSERT", number),
            Change(2, 10 * number - 8, "UPSERT", 7),
        ]
        landed += batch
        project.land(f"{number}.json", *map(vars, batch))
        before, version = project.rows("history", *columns), log_version(folder)

        def end(name, dataset, point=point):
            if (name, dataset) == (point, "history"):
                raise KeyError(f"ended at {name}")

        with monkeypatch.context() as patch:
            patch.setattr(failpoints, "_callbacks", [end])
            assert "ended at" in project.update()["history"].error
        assert project.update().state == "COMPLETED"
        after = project.rows("history", *columns)
        assert after == versions(landed)
        feed = project.change_feed("history", version, log_version(folder), *columns)
        came = Counter(row for kind in ("insert", "update_postimage") for row in feed[kind])
        assert came == Counter(after) - Counter(before), point  # told of once
    assert steps.count("after_carried") > 1


@pytest.mark.slow
def test_a_truncate_clears_all_keys_before_it_whenever_it_arrives(make_project):
    project = make_project(
        {
            "stock.py": """
                from pyspark import pipelines as dp
                dp.create_streaming_table("movements", schema="item STRING, at INT, operation STRING")

                @dp.append_flow(target="movements")
                def landed():
                    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
                    return reader.schema("item STRING, at INT, operation STRING").load(spark.conf.get("landing"))

                dp.create_streaming_table("stock")
                dp.create_auto_cdc_flow(
                    "stock", "movements", ["item"], "at",
                    apply_as_truncates="operation = 'CLEAR'", except_column_list=["operation"],
                )
            """
        }
    )
    project.land("1.json", {"item": "a", "at": 1}, {"item": "b", "at": 5}, {"item": None, "at": 2})
    project.update()
    project.land("2.json", {"at": 3, "operation": "CLEAR"}, {"item": "c", "at": 2})
    project.update()
    assert project.rows("stock") == [("b", 5)]
    project.land("3.json", {"item": "a", "at": 2}, {"item": "d", "at": 4})
    project.update()
    assert project.rows("stock") == [("b", 5), ("d", 4)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("stored_as_scd_type=3", "stored_as_scd_type is 1, 2 or bitemporal"),
        ("column_list=['a'], except_column_list=['b']", "exclude each other"),
        ("stored_as_scd_type=2, apply_as_truncates='true'", "SCD type 1 only"),
        ("ignore_null_updates_column_list=['a'], ignore_null_updates_except_column_list=['b']", "exclude each other"),
        ("ignore_null_updates=True, ignore_null_updates_column_list=['a']", "a list of columns excludes it"),
    ],
)
def test_arguments_that_contradict_are_named_with_their_line(make_project, arguments, message):
    project = make_project(
        {
            "stock.py": f"""
                from pyspark import pipelines as dp
                dp.create_auto_cdc_flow('t', 's', ['k'], 'at', {arguments})
            """
        }
    )
    with pytest.raises(UserError, match=f"stock.py:2: .*{message}"):
        project.update()


def test_a_row_that_does_not_meet_where_fails_the_flow_and_names_it(spark):
    flow = CdcFlow("sales", "t", "s", ("k",), "at", Place("f.py"), where="region = 'north'")
    rows = spark.createDataFrame([(1, 1, "north"), (2, 1, None)], "k INT, at INT, region STRING")
    with pytest.raises(Exception, match="AUTO CDC flow sales: a row of the source does not meet the condition"):
        change.to_changes(rows, flow).collect()
    assert change.to_changes(rows.where("k = 1"), flow).count() == 1


def test_ignored_nulls_within_a_struct_keep_its_other_fields(spark):
    flow = CdcFlow("f", "t", "s", ("k",), "at", Place("f.py"), ignore_null_updates=True, except_column_list=("at",))
    rows = [(1, 1, (5, "x")), (1, 2, (None, "y")), (1, 3, None)]
    changes = change.to_changes(spark.createDataFrame(rows, "k INT, at INT, place STRUCT<a: INT, b: STRING>"), flow)
    assert [tuple(row.place) for row in fold.fold(changes, flow).collect()] == [(5, "y")]


def folded(spark, changes, **arguments):
    schema = "key INT, sequence INT, operation STRING, level INT, note STRING"
    rows = spark.createDataFrame([tuple(vars(change).values()) for change in changes], schema)
    given = {"apply_as_deletes": "operation = 'DELETE'", "except_column_list": ("operation",), **arguments}
    flow = CdcFlow("f", "t", "s", ("key",), "sequence", Place("f.py"), **given)
    return fold.fold(change.to_changes(rows, flow), flow)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, newest),
        ({"ignore_null_updates_except_column_list": ("level",)}, lambda changes: newest(filled(changes, "note"))),
        ({"apply_as_truncates": "operation = 'CLEAR'"}, lambda changes: newest(since_truncate(changes))),
    ],
    ids=["plain", "ignoring nulls of some columns", "with truncates"],
)
def test_the_fold_alone_equals_the_oracle_for_scd_type_1(spark, arguments, expected):
    changes = random_changes(random.Random(7))
    rows = folded(spark, changes, **arguments).select("key", "sequence", "level", "note").collect()
    assert sorted(map(tuple, rows), key=repr) == expected(changes)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, lambda changes: versions(changes)),
        ({"ignore_null_updates": True}, lambda changes: versions(filled(changes, "level", "note"))),
        (
            {"track_history_except_column_list": ("note", "sequence")},
            lambda changes: versions(changes, tracked=lambda change: change.level),
        ),
    ],
    ids=["plain", "ignoring nulls", "tracking one column"],
)
def test_the_fold_alone_equals_the_oracle_for_scd_type_2(spark, arguments, expected):
    changes = random_changes(random.Random(8))
    rows = folded(spark, changes, scd_type=2, **arguments).select("key", "level", "note", change.START, change.END)
    assert sorted(map(tuple, rows.collect()), key=repr) == expected(changes)
