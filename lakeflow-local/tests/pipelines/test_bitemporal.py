"""Bitemporal AUTO CDC equals a brute force over all points of valid and system time, whatever the order of arrival."""

import random
from collections import Counter

import pytest
from bitemporal_oracle import Fact, bitemporal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.cdc import cdc, change, difference
from lakeflow_local.pipelines.cdc.bitemporal import fold as fold_bitemporal
from lakeflow_local.pipelines.model.model import BITEMPORAL, CdcFlow, Place
from lakeflow_local.spark.stored import log_version

FLOW = CdcFlow(
    "f",
    "t",
    "s",
    ("key",),
    "valid",
    Place("f.py"),
    scd_type=BITEMPORAL,
    system_sequence_by="system",
    apply_as_deletes="operation = 'DELETE'",
    except_column_list=("valid", "system", "operation"),
)
COLUMNS = ("key", "note", "__START_AT", "__END_AT", "__SYSTEM_START_AT", "__SYSTEM_END_AT")


def folded(spark, facts):
    rows = spark.createDataFrame(
        [tuple(vars(fact).values()) for fact in facts], "key INT, valid INT, system INT, operation STRING, note STRING"
    )
    return sorted(map(tuple, fold_bitemporal(change.to_changes(rows, FLOW), FLOW).collect()), key=repr)


def test_three_facts_of_one_key_give_the_rows_that_were_measured_on_databricks(spark):
    facts = [Fact(1, 0, 60, "UPSERT", "A"), Fact(1, 120, 180, "UPSERT", "B"), Fact(1, 240, 300, "UPSERT", "C")]
    assert folded(spark, facts) == [
        (1, "A", 0, 120, 180, None),
        (1, "A", 0, None, 60, 180),
        (1, "B", 120, 240, 300, None),
        (1, "B", 120, None, 180, 300),
        (1, "C", 240, None, 300, None),
    ]


def test_a_late_correction_and_a_delete_give_the_six_rows_of_the_documentation(spark):
    facts = [
        Fact(1, 1001, 1005, "UPSERT", "v1"),
        Fact(1, 1215, 1220, "UPSERT", "v2"),
        Fact(1, 1205, 1225, "UPSERT", "v3"),  # valid before v2, and known after it
        Fact(1, 1230, 1235, "DELETE"),
    ]
    assert folded(spark, facts) == [
        (1, "v1", 1001, 1205, 1225, None),
        (1, "v1", 1001, 1215, 1220, 1225),
        (1, "v1", 1001, None, 1005, 1220),
        (1, "v2", 1215, 1230, 1235, None),
        (1, "v2", 1215, None, 1220, 1235),
        (1, "v3", 1205, 1215, 1225, None),
    ]


def histories():
    """Of each of up to forty keys, facts at different points, some of them said twice."""
    point = st.tuples(st.integers(0, 9), st.integers(0, 9))
    what = st.sampled_from([("UPSERT", "x"), ("UPSERT", "y"), ("UPSERT", None), ("DELETE", None)])
    return st.lists(st.dictionaries(point, what, min_size=1, max_size=7), min_size=20, max_size=40)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories(), st.randoms(use_true_random=False))
def test_any_facts_in_any_order_and_repeated_give_the_rows_of_the_oracle(spark, found, rng):
    facts = [
        Fact(key, valid, system, operation, note)
        for key, history in enumerate(found)
        for (valid, system), (operation, note) in history.items()
    ]
    told = facts + rng.sample(facts, len(facts) // 4)
    rng.shuffle(told)
    assert folded(spark, told) == bitemporal(facts, horizon=12)


def test_a_fact_without_a_system_time_fails_the_flow_and_says_so(spark):
    rows = spark.createDataFrame([(1, 1, None)], "key INT, valid INT, system INT")
    with pytest.raises(Exception, match="AUTO CDC flow f: system_sequence_by is NULL"):
        flow = CdcFlow(
            "f", "t", "s", ("key",), "valid", Place("f.py"), scd_type=BITEMPORAL, system_sequence_by="system"
        )
        change.to_changes(rows, flow).collect()


SOURCE = """
    from pyspark import pipelines as dp

    @dp.table
    def facts():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        schema = "key INT, valid INT, system INT, operation STRING, note STRING"
        return reader.schema(schema).load(spark.conf.get("landing"))

    dp.create_streaming_table("beliefs", table_properties={"delta.enableChangeDataFeed": "true"})
    dp.create_auto_cdc_flow(
        "beliefs", "facts", ["key"], sequence_by="valid", system_sequence_by="system",
        apply_as_deletes="operation = 'DELETE'", except_column_list=["valid", "system", "operation"],
        stored_as_scd_type="bitemporal",
    )
"""
BY_SQL = """
    CREATE STREAMING TABLE beliefs_by_sql;
    CREATE FLOW believing AS AUTO CDC INTO beliefs_by_sql FROM STREAM(facts) KEYS (key)
    APPLY AS DELETE WHEN operation = 'DELETE' SEQUENCE BY valid SYSTEM SEQUENCE BY system
    COLUMNS * EXCEPT (valid, system, operation) STORED AS BITEMPORAL;
"""


@pytest.mark.slow
def test_a_bitemporal_target_is_kept_up_to_date_in_small_and_by_key_and_its_feed_says_what_changed(
    make_project, monkeypatch
):
    project = make_project({"beliefs.py": SOURCE, "by_sql.sql": BY_SQL})
    rng = random.Random(20260102)
    points = [(key, *divmod(point, 10)) for key in range(60) for point in rng.sample(range(100), rng.randint(1, 6))]
    facts = [
        Fact(*point, *rng.choice([("UPSERT", "x"), ("UPSERT", "y"), ("UPSERT", None), ("DELETE", None)]))
        for point in points
    ]
    rng.shuffle(facts)
    third = len(facts) // 3
    batches = [facts[:third], facts[third : 2 * third], facts[2 * third :], rng.sample(facts, 10)]
    before, version = [], -1
    for number, batch in enumerate(batches):
        project.land(f"{number}.json", *map(vars, batch))
        if number == 2:
            monkeypatch.setattr(cdc, "SMALL_STORE_BYTES", 0)
            monkeypatch.setattr(difference, "SMALL_TABLE_BYTES", 0)
        update = project.update()
        assert update.state == "COMPLETED", update.error
        after = project.rows("beliefs", *COLUMNS)
        assert after == bitemporal([fact for earlier in batches[: number + 1] for fact in earlier], horizon=12)
        assert project.rows("beliefs_by_sql", *COLUMNS) == after
        now = log_version(project.root_of("beliefs"))
        feed = project.change_feed("beliefs", version, now, *COLUMNS)
        came = Counter(row for kind in ("insert", "update_postimage") for row in feed[kind])
        went = Counter(row for kind in ("delete", "update_preimage") for row in feed[kind])
        assert (came, went) == (Counter(after) - Counter(before), Counter(before) - Counter(after)), number
        assert (now == version) == (after == before), number
        before, version = after, now
    assert project.spark.table(f"{project.schema}.beliefs").columns == list(COLUMNS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("stored_as_scd_type='bitemporal'", "a bitemporal target needs system_sequence_by"),
        ("system_sequence_by='s'", "system_sequence_by is for stored_as_scd_type bitemporal only"),
        (
            "stored_as_scd_type=2, system_sequence_by='s'",
            "system_sequence_by is for stored_as_scd_type bitemporal only",
        ),
        ("stored_as_scd_type='bitemporal', system_sequence_by='s', apply_as_truncates='true'", "SCD type 1 only"),
        (
            "stored_as_scd_type='bitemporal', system_sequence_by='s', track_history_column_list=['a']",
            "does not support track_history_column_list for a bitemporal target",
        ),
        (
            "stored_as_scd_type='bitemporal', system_sequence_by='s', ignore_null_updates=True",
            "does not support ignore_null_updates for a bitemporal target",
        ),
    ],
)
def test_what_is_not_known_of_bitemporal_targets_is_refused_by_its_name_and_line(make_project, arguments, message):
    source = f"from pyspark import pipelines as dp\ndp.create_auto_cdc_flow('t', 's', ['k'], 'at', {arguments})"
    with pytest.raises(UserError, match=f"beliefs.py:2: .*{message}"):
        make_project({"beliefs.py": source}).update()
