"""Expectations: counted in the pass that writes; NULL is a violation; drop drops, fail leaves the table as it was."""

import json

import pytest

from lakeflow_local.errors import UserError

READINGS = """
    from pyspark import pipelines as dp

    def landed():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema("id INT, celsius DOUBLE, sensor STRING").load(spark.conf.get("landing"))

    @dp.expect("sensor_known", "sensor IN ('a', 'b')")
    @dp.table
    @dp.expect_all_or_drop({"celsius_given": "celsius IS NOT NULL", "celsius_plausible": "celsius BETWEEN -60 AND 60"})
    @dp.expect_all({"id_even": "id % 2 = 0"})
    def readings():
        return landed()

    dp.create_streaming_table(
        "strict",
        schema="id INT, celsius DOUBLE, sensor STRING",
        expect_all={"id_small": "id < 100"},
        expect_all_or_drop={"has_sensor": "sensor IS NOT NULL"},
        expect_all_or_fail={"not_absurd": "celsius < 1000 OR celsius IS NULL"},
    )

    @dp.append_flow(target="strict")
    def into_strict():
        return landed()

    @dp.materialized_view
    def warm():
        return spark.read.table("rated")

    @dp.temporary_view
    @dp.expect_or_drop("is_warm", "celsius > 10")
    def rated():
        return spark.read.table("readings")
"""
SQL = """
    CREATE OR REFRESH STREAMING TABLE by_sql (
      CONSTRAINT plausible EXPECT (celsius BETWEEN -60 AND 60) ON VIOLATION DROP ROW,
      CONSTRAINT `a small id` EXPECT (id < 3)
    ) COMMENT 'one row; per reading' AS SELECT *, ';' AS mark FROM STREAM(readings);
"""
ROWS = [
    {"id": 2, "celsius": 20.5, "sensor": "a"},
    {"id": 3, "celsius": 5.0, "sensor": None},  # id odd, sensor NULL: kept, counted
    {"id": 4, "celsius": None, "sensor": "b"},  # NULL breaks both drop rules
    {"id": None, "celsius": 99.0, "sensor": "c"},  # NULL breaks the warn rule too
]


@pytest.fixture(scope="module")
def project(make_project):
    return make_project({"readings.py": READINGS, "by_sql.sql": SQL}, event_log={"name": "events"})


@pytest.fixture(scope="module")
def first(project):
    project.land("1.json", *ROWS)
    return project.update()


def counts(result):
    return {name: (found.passed_records, found.failed_records) for name, found in result.expectations.items()}


def test_each_rule_counts_every_row_that_arrives_and_null_is_a_violation(project, first):
    assert first.state == "COMPLETED", first.error
    assert counts(first["readings"]) == {
        "sensor_known": (2, 2),
        "celsius_given": (3, 1),
        "celsius_plausible": (2, 2),
        "id_even": (2, 2),
    }
    assert first["readings"].dropped_records == 2
    assert first["readings"].rows == 2
    assert project.rows("readings", "id") == [(2,), (3,)]


def test_rules_given_to_create_streaming_table_and_in_sql_count_the_same_way(project, first):
    assert counts(first["strict"]) == {"id_small": (3, 1), "has_sensor": (3, 1), "not_absurd": (4, 0)}
    assert first["strict"].dropped_records == 1
    assert counts(first["by_sql"]) == {"plausible": (2, 0), "a small id": (1, 1)}
    assert project.rows("by_sql", "id", "mark") == [(2, ";"), (3, ";")]


def test_rules_on_a_view_count_where_it_is_read(project, first):
    assert counts(first["warm"]) == {"is_warm": (1, 1)}
    assert first["warm"].expectations["is_warm"].dataset == "rated"
    assert project.rows("warm", "id") == [(2,)]


def test_an_update_without_new_rows_reports_no_counts_and_a_broken_fail_rule_leaves_the_table(project, first):
    again = project.update()
    assert all(result.up_to_date and not result.expectations for result in again if result.kind != "temporary_view")
    project.land("2.json", {"id": 6, "celsius": 21.0, "sensor": "a"}, {"id": 7, "celsius": 5000.0, "sensor": "a"})
    broken = project.update("strict")
    assert broken.state == "FAILED"
    assert broken["strict"].error.startswith(
        "[EXPECTATION_VIOLATION.VERBOSITY_ALL] Flow 'strict' failed to meet the expectation. "
        'Violated expectations: \'not_absurd\'. Input data: \'{"id":7,"celsius":5000.0'
    )
    assert broken["strict"].expectations == {}
    assert project.rows("strict", "id") == [(2,), (4,), (None,)]  # the good row of that file neither


def test_the_event_log_has_lakeflows_fields_and_its_rows_sum_to_the_counts(project, first):
    found = project.spark.sql(
        f"""
        SELECT e.name, sum(e.failed_records) AS failed, first(origin.pipeline_name), max(q.dropped_records)
        FROM (SELECT *, from_json(details, 'flow_progress STRUCT<data_quality: STRUCT<dropped_records: BIGINT,
                expectations: ARRAY<STRUCT<name: STRING, dataset: STRING, failed_records: BIGINT>>>>')
              .flow_progress.data_quality AS q FROM {project.schema}.events
              WHERE event_type = 'flow_progress' AND origin.update_id = '{first.update_id}')
        LATERAL VIEW explode(q.expectations) AS e WHERE e.dataset = 'readings' GROUP BY e.name ORDER BY e.name"""
    ).collect()
    assert [tuple(row) for row in found] == [
        ("celsius_given", 1, project.schema, 2),
        ("celsius_plausible", 2, project.schema, 2),
        ("id_even", 2, project.schema, 2),
        ("sensor_known", 2, project.schema, 2),
    ]


def test_the_update_is_json_with_the_documented_keys(first):
    report = json.loads(json.dumps(first.as_dict()))
    assert report["state"] == "COMPLETED" and report["error"] is None
    readings = next(dataset for dataset in report["datasets"] if dataset["name"] == "readings")
    assert {"name", "kind", "state", "rows", "dropped_records", "expectations", "error", "seconds"} <= set(readings)
    assert readings["expectations"][0] == {
        "name": "sensor_known",
        "dataset": "readings",
        "passed_records": 2,
        "failed_records": 2,
    }


def test_two_rules_of_one_name_and_a_rule_that_cannot_be_evaluated_are_named(make_project):
    project = make_project(
        {
            "stops.py": """
                from pyspark import pipelines as dp

                @dp.materialized_view
                @dp.expect("fine", "id >= 0")
                @dp.expect("stop_named", "stop_nmae IS NOT NULL")
                def stops():
                    return spark.range(1)
            """
        }
    )
    update = project.update(validate_only=True)
    assert "expectation 'stop_named' of stops cannot be evaluated" in update["stops"].error
    path = project.root / "transformations" / "stops.py"
    path.write_text(path.read_text().replace("stop_named", "fine"))
    with pytest.raises(UserError, match="two expectations named 'fine'"):
        project.update()
