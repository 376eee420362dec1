"""AUTO CDC from snapshots: what a snapshot lacks is deleted, with and without history."""

import datetime

import pytest

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.cdc import snapshots
from lakeflow_local.pipelines.model.model import Place, SnapshotFlow

SOURCE = """
    import json
    from pathlib import Path
    from pyspark import pipelines as dp

    folder = Path(spark.conf.get("landing"))

    def next_snapshot(latest):
        versions = sorted(int(file.stem) for file in folder.glob("*.json"))
        later = [version for version in versions if latest is None or version > latest]
        if not later:
            return None
        schema = "city STRING, people INT, mayor STRING"
        return spark.read.schema(schema).json(str(folder / f"{later[0]}.json")), later[0]

    dp.create_streaming_table("cities")
    dp.create_auto_cdc_from_snapshot_flow("cities", next_snapshot, ["city"])
    dp.create_streaming_table("history")
    dp.create_auto_cdc_from_snapshot_flow(
        "history", next_snapshot, ["city"], stored_as_scd_type="2", track_history_except_column_list=["mayor"]
    )

    @dp.temporary_view
    def now():
        return spark.read.table("cities").where("people > 1")

    dp.create_streaming_table("large")
    dp.create_auto_cdc_from_snapshot_flow(target="large", source="now", keys=["city"], stored_as_scd_type=2)
"""


def city(name, people, mayor="A"):
    return {"city": name, "people": people, "mayor": mayor}


@pytest.fixture(scope="module")
def project(make_project):
    """The project after an update that took two snapshots."""
    project = make_project({"cities.py": SOURCE})
    project.land("1.json", city("Bern", 5), city("Genf", 7), city(None, 1))
    project.land("2.json", city("Bern", 5, "B"), city("Genf", 8))
    update = project.update()
    assert update.state == "COMPLETED", update.error
    return project


def test_snapshots_are_taken_in_their_order_and_what_they_lack_ends(project):
    assert project.rows("cities") == [("Bern", 5, "B"), ("Genf", 8, "A")]
    history = [(None, 1, "A", 1, 2), ("Bern", 5, "B", 1, None), ("Genf", 7, "A", 1, 2), ("Genf", 8, "A", 2, None)]
    assert project.rows("history") == sorted(history, key=repr)


@pytest.mark.slow
def test_a_later_update_goes_on_behind_the_last_version_and_a_key_may_return(project):
    before = project.rows("history")
    assert project.update()["history"].rows == 0  # without a new snapshot
    assert project.rows("history") == before
    project.land("3.json", city("Bern", 5))
    project.land("10.json", city("Genf", 8), city("Bern", 5))
    assert project.update().state == "COMPLETED"
    assert ("Genf", 8, "A", 2, 3) in project.rows("history")
    assert ("Genf", 8, "A", 10, None) in project.rows("history")
    assert ("Bern", 5, "A", 1, None) in project.rows("history")


@pytest.mark.slow
def test_a_view_is_a_snapshot_at_each_update_with_the_time_as_its_version(project):
    rows = {(row[0], row[1]): row for row in project.rows("large")}
    assert set(rows) == {("Bern", 5), ("Genf", 8)}
    assert all(isinstance(row[3], datetime.datetime) for row in rows.values())
    before = project.rows("large")
    project.land("11.json", city("Bern", 5), city("Genf", 9))
    assert project.update().state == "COMPLETED"
    genf = [row for row in project.rows("large") if row[0] == "Genf" and row[1] == 8 and row[4] is not None]
    assert [row[3] for row in genf if row[4] != row[3]] and project.rows("large") != before
    assert [row[4] for row in project.rows("large") if row[:2] == ("Bern", 5) and row[4] is None] == [None]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("'t', 's', []", "at least one key"),
        ("'t', 's', ['k'], 3", "stored_as_scd_type is 1 or 2, not 3"),
        ("'t', 's', ['k'], 'bitemporal'", "stored_as_scd_type is 1 or 2, not bitemporal"),
        ("'t', 5, ['k']", "source is the name of a table or view, or a function"),
        (
            "'t', 's', ['k'], track_history_column_list=['a'], track_history_except_column_list=['b']",
            "exclude each other",
        ),
    ],
)
def test_arguments_that_contradict_are_named_with_their_line(make_project, arguments, message):
    source = f"from pyspark import pipelines as dp\ndp.create_auto_cdc_from_snapshot_flow({arguments})"
    with pytest.raises(UserError, match=f"cities.py:2: .*{message}"):
        make_project({"cities.py": source}).update()


def test_expectations_on_a_target_of_snapshots_are_refused(make_project):
    source = """
        import dlt
        dlt.create_streaming_table("t", expect_all={"any": "k > 0"})
        dlt.apply_changes_from_snapshot("t", "s", ["k"])
    """
    with pytest.raises(UserError, match=r"cities.py:2: .*expectations are not supported with AUTO CDC FROM SNAPSHOT"):
        make_project({"cities.py": source}).update()


def test_a_snapshot_that_is_taken_twice_or_gains_a_column_keeps_its_history(spark):
    flow = SnapshotFlow("f", "t", "s", ("k",), Place("f.py"), scd_type=2)
    first = spark.createDataFrame([(1, "a"), (2, "b")], "k INT, v STRING")
    version = snapshots._literal(1, flow)
    once = snapshots._merged(first, None, flow, version)
    twice = snapshots._merged(first, once, flow, version)
    assert sorted(map(tuple, twice.collect())) == [(1, "a", 1, None), (2, "b", 1, None)]
    wider = spark.createDataFrame([(1, "a", None), (2, "b", 7)], "k INT, v STRING, w INT")
    rows = snapshots._merged(wider, twice, flow, snapshots._literal(2, flow)).collect()
    assert sorted(map(tuple, rows), key=repr) == [
        (1, "a", None, 1, None),
        (2, "b", 7, 2, None),
        (2, "b", None, 1, 2),
    ]


@pytest.mark.parametrize(
    "version",
    [3, 2.5, "v1", b"\x01", datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.UTC)],
)
def test_a_version_of_any_type_is_remembered_as_it_was(version):
    assert snapshots._read_version(snapshots._written_version(version)) == version
