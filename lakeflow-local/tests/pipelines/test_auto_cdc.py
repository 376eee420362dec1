"""AUTO CDC equals a plain Python oracle: 500 accounts with random histories, shuffled, repeated, in random batches.

Each account is a case of its own; one feed holds them all, as a feed costs seconds and a key nothing. The updates are
slow; the fold alone is fast.
"""

import random

import pytest
from cdc_oracle import Change, filled, newest, since_truncate, versions

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model.model import CdcFlow, Place
from lakeflow_local.pipelines.refresh import cdc, fold

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

    dp.create_streaming_table("accounts")
    dp.create_auto_cdc_flow("accounts", sequence_by="sequence", except_column_list=["operation"], **SHARED)

    dp.create_streaming_table("patched")
    dp.create_auto_cdc_flow(
        "patched", sequence_by=F.col("sequence"), except_column_list=["operation"], ignore_null_updates=True, **SHARED
    )

    dp.create_streaming_table("account_history", comment="It's by struct")
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

    CREATE STREAMING TABLE patched_history FLOW AUTO CDC FROM STREAM account_changes KEYS (key)
    IGNORE NULL UPDATES ON * EXCEPT (note) APPLY AS DELETE WHEN operation = 'DELETE' SEQUENCE BY sequence
    COLUMNS * EXCEPT (operation, sequence) STORED AS SCD TYPE 2;

    CREATE STREAMING TABLE cleared;
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


@pytest.fixture(scope="module")
def fed(make_project):
    """The project after three batches, and all changes: the second is folded as a whole, the third merged by key."""
    project = make_project({"accounts.py": SOURCE, "levels.sql": BY_SQL})
    rng = random.Random(20260101)
    changes = random_changes(rng)
    cuts = sorted(rng.sample(range(len(changes)), 2))
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(changes)], strict=True)):
        project.land(f"{number}.json", *(vars(change) for change in changes[start:end]))
        with pytest.MonkeyPatch.context() as patch:
            if number == 2:
                patch.setattr(cdc, "SMALL_STORE_BYTES", 0)
            update = project.update()
        assert update.state == "COMPLETED", update.error
    return project, changes


@pytest.mark.slow
def test_scd_type_1_holds_the_newest_change_of_each_key_and_no_late_row_revives_a_deleted_one(fed):
    project, changes = fed
    assert project.rows("accounts", "key", "sequence", "level", "note") == newest(changes)


@pytest.mark.slow
def test_ignore_null_updates_keeps_values_since_the_last_delete(fed):
    project, changes = fed
    expected = newest(filled(changes, "level", "note"))
    assert project.rows("patched", "key", "sequence", "level", "note") == expected


@pytest.mark.slow
def test_ignore_null_updates_on_some_columns_leaves_the_nulls_of_others(fed):
    project, changes = fed
    expected = versions(filled(changes, "level"))
    assert project.rows("patched_history", "key", "level", "note", "__START_AT", "__END_AT") == expected


@pytest.mark.slow
def test_a_truncate_clears_what_came_before_it_by_sequence_in_whichever_batch_it_arrives(fed):
    project, changes = fed
    assert project.rows("cleared", "key", "sequence", "level", "note") == newest(since_truncate(changes))


@pytest.mark.slow
def test_scd_type_2_holds_every_version_with_start_and_end_of_the_type_of_sequence_by(fed):
    project, changes = fed
    columns = ("key", "level", "note", "__START_AT.sequence", "__END_AT.sequence")
    assert project.rows("account_history", *columns) == versions(changes)


@pytest.mark.slow
def test_tracked_columns_alone_begin_a_version_in_sql_as_well(fed):
    project, changes = fed
    expected = versions(changes, tracked=lambda change: change.level)
    assert project.rows("level_history", "key", "level", "note", "__START_AT", "__END_AT") == expected
    assert project.spark.table(f"{project.schema}.level_history").columns == [
        "key",
        "level",
        "note",
        "__START_AT",
        "__END_AT",
    ]


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
        ("stored_as_scd_type=3", "stored_as_scd_type is 1 or 2"),
        ("column_list=['a'], except_column_list=['b']", "exclude each other"),
        ("stored_as_scd_type=2, apply_as_truncates='true'", "SCD type 1 only"),
        ("ignore_null_updates_column_list=['a'], ignore_null_updates_except_column_list=['b']", "exclude each other"),
        ("ignore_null_updates=True, ignore_null_updates_column_list=['a']", "a list of columns excludes it"),
        ("system_sequence_by='at'", "does not support the argument system_sequence_by"),
        ("stored_as_scd_type='bitemporal'", "does not support BITEMPORAL"),
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
        fold.to_changes(rows, flow).collect()
    assert fold.to_changes(rows.where("k = 1"), flow).count() == 1


def test_ignored_nulls_within_a_struct_keep_its_other_fields(spark):
    flow = CdcFlow("f", "t", "s", ("k",), "at", Place("f.py"), ignore_null_updates=True, except_column_list=("at",))
    rows = [(1, 1, (5, "x")), (1, 2, (None, "y")), (1, 3, None)]
    changes = fold.to_changes(spark.createDataFrame(rows, "k INT, at INT, place STRUCT<a: INT, b: STRING>"), flow)
    assert [tuple(row.place) for row in fold.fold(changes, flow).collect()] == [(5, "y")]


def folded(spark, changes, **arguments):
    schema = "key INT, sequence INT, operation STRING, level INT, note STRING"
    rows = spark.createDataFrame([tuple(vars(change).values()) for change in changes], schema)
    given = {"apply_as_deletes": "operation = 'DELETE'", "except_column_list": ("operation",), **arguments}
    flow = CdcFlow("f", "t", "s", ("key",), "sequence", Place("f.py"), **given)
    return fold.fold(fold.to_changes(rows, flow), flow)


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
    rows = folded(spark, changes, scd_type=2, **arguments).select("key", "level", "note", fold.START, fold.END)
    assert sorted(map(tuple, rows.collect()), key=repr) == expected(changes)
