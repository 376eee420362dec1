"""A broken expect_or_fail rule: its message has the platform's form, the offending row and all rules that it broke."""

import json
import re

import pytest

PLATFORM_FORM = re.compile(
    r"\[EXPECTATION_VIOLATION\.VERBOSITY_ALL\] Flow '(?P<flow>[^']+)' failed to meet the expectation\. "
    r"Violated expectations: (?P<rules>'[^']+'(?:, '[^']+')*)\. "
    r"Input data: '(?P<input>\{.*\})'\. Output record: '(?P<output>\{.*\})'\. Missing input data: false"
)
SOURCE = """
    from pyspark import pipelines as dp

    def landed():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema("id INT, note STRING, speed INT").load(spark.conf.get("landing"))

    RULES = {"slow": "speed < 120", "noted": "note LIKE 'n%'", "id_given": "id IS NOT NULL"}

    @dp.table
    def bronze():
        return landed()

    @dp.table
    @dp.expect_all_or_fail(RULES)
    @dp.expect_or_drop("not_stopped", "speed > 0")
    def stream():
        return spark.readStream.table("bronze")

    @dp.materialized_view
    @dp.expect_all_or_fail(RULES)
    @dp.expect_or_drop("not_stopped", "speed > 0")
    def batch():
        return spark.read.table("bronze")

    @dp.materialized_view
    def by_view():
        return spark.read.table("judged")

    @dp.temporary_view
    @dp.expect_all_or_fail(RULES)
    def judged():
        return spark.read.table("bronze").where("speed <> 0")

    dp.create_streaming_table("appended", expect_all_or_fail=RULES)

    @dp.append_flow(target="appended")
    def into_appended():
        return spark.readStream.table("bronze").where("speed <> 0")

    dp.create_streaming_table("newest")
    dp.create_auto_cdc_flow("newest", "stream", ["id"], "id")
"""
GOOD = [{"id": 1, "note": "n", "speed": 30}, {"id": 2, "note": "née", "speed": 0}]
BAD = {"id": 3, "note": 'it\'s {"fast"}', "speed": 200}


@pytest.fixture(scope="module")
def project(make_project):
    """The project after an update in which all is well, and one in which one row breaks two rules."""
    project = make_project({"speeds.py": SOURCE})
    project.land("1.json", *GOOD)
    update = project.update()
    assert update.state == "COMPLETED", update.error
    project.before = {name: project.rows(name, "id") for name in ("stream", "batch", "by_view", "appended", "newest")}
    project.land("2.json", {"id": 4, "note": "n", "speed": 50}, BAD)
    project.broken = project.update()
    return project


@pytest.mark.parametrize("name", ["stream", "batch", "by_view", "appended"])
def test_the_message_has_the_platforms_form_with_the_offending_row_and_every_rule_it_broke(project, name):
    message = PLATFORM_FORM.fullmatch(project.broken[name].error)
    assert message["flow"] == name
    assert message["rules"] == "'slow', 'noted'"
    assert json.loads(message["input"]) == json.loads(message["output"]) == BAD


@pytest.mark.parametrize("name", ["stream", "batch", "by_view", "appended"])
def test_the_table_keeps_what_it_had_and_nothing_is_counted(project, name):
    assert project.rows(name, "id") == project.before[name]
    assert project.broken[name].expectations == {}


def test_what_reads_the_broken_dataset_is_skipped_and_what_it_reads_has_all_rows(project):
    assert (project.broken["newest"].state, project.rows("newest", "id")) == ("SKIPPED", project.before["newest"])
    assert project.rows("bronze", "id") == [(1,), (2,), (3,), (4,)]


def test_once_the_rule_is_corrected_the_next_update_takes_in_what_the_broken_one_could_not(project):
    path = project.root / "transformations" / "speeds.py"
    path.write_text(path.read_text().replace("speed < 120", "speed < 999").replace("'n%'", "'%'"))
    update = project.update()
    assert update.state == "COMPLETED", update.error
    assert project.rows("stream", "id") == project.rows("newest", "id") == [(1,), (3,), (4,)]
    slow = update["stream"].expectations["slow"]
    assert (slow.passed_records, slow.failed_records) == (2, 0)


RAISING = """
    from pyspark import pipelines as dp

    @dp.table
    def bronze():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema("id INT, code STRING, parts INT").load(spark.conf.get("landing"))

    @dp.table
    @dp.expect_or_drop("code_small", "CAST(code AS INT) < 10")
    def cast_by_stream():
        return spark.readStream.table("bronze")

    @dp.materialized_view
    @dp.expect("share_big", "id / parts > 0.5")
    def divided_by_batch():
        return spark.read.table("bronze")
"""


@pytest.mark.slow
@pytest.mark.parametrize("ansi", [True, False], ids=["ansi", "not ansi"])
def test_a_predicate_that_ansi_lets_raise_fails_its_flow_and_is_null_without_ansi(make_project, ansi):
    """What the platform does where a predicate raises is unconfirmed; here the flow fails with Spark's own error."""
    project = make_project({"codes.py": RAISING}, configuration={"spark.sql.ansi.enabled": str(ansi).lower()})
    project.land("1.json", {"id": 1, "code": "7", "parts": 1}, {"id": 2, "code": "x", "parts": 0})
    update = project.update()
    stream, batch = update["cast_by_stream"], update["divided_by_batch"]
    if ansi:
        assert (stream.state, batch.state) == ("FAILED", "FAILED")
        assert re.match(r"codes\.py:\d+: \[CAST_INVALID_INPUT\] The value 'x'", stream.error)
        assert re.match(r"codes\.py:\d+: \[DIVIDE_BY_ZERO\] Division by zero", batch.error)
        assert project.rows("bronze", "id") == [(1,), (2,)]
    else:
        assert update.state == "COMPLETED", update.error
        assert (stream.dropped_records, project.rows("cast_by_stream", "id")) == (1, [(1,)])
        assert batch.expectations["share_big"].failed_records == 1
        assert project.rows("divided_by_batch", "id") == [(1,), (2,)]


def test_a_view_with_rules_that_the_query_need_not_read_counts_nothing(make_project):
    project = make_project(
        {
            "rides.py": """
                from pyspark import pipelines as dp

                @dp.temporary_view
                @dp.expect("positive", "id > 0")
                def rides():
                    return spark.range(3)

                @dp.materialized_view
                def never():
                    return spark.read.table("rides").where("false")

                @dp.materialized_view
                def joined_with_nothing():
                    return spark.read.table("rides").join(spark.range(0), "id")
            """
        }
    )
    update = project.update()
    assert update.state == "COMPLETED", update.error
    assert project.rows("never") == project.rows("joined_with_nothing") == []
    assert update["never"].seconds < 30
