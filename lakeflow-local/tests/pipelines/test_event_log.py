"""The event log answers the queries by which pipelines are monitored: history, durations, lineage, quality, audits."""

import json
from datetime import timedelta

import pytest

RIDES = """
    import time
    from pyspark import pipelines as dp
    from pyspark.sql import functions as F

    @dp.table
    @dp.expect_all({"priced": "price > 0"})
    @dp.expect_or_drop("named", "line IS NOT NULL")
    def rides():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema("id INT, line STRING, price INT").load(spark.conf.get("landing"))

    @dp.temporary_view
    def cheap():
        return spark.read.table("rides").where("price < 3")

    @dp.materialized_view
    def per_line():
        pause = F.udf(lambda line: time.sleep(0.2) or line)
        return spark.read.table("cheap").groupBy("line").count().withColumn("line", pause("line"))

    dp.create_streaming_table("newest")
    dp.create_auto_cdc_flow(name="to_newest", target="newest", source="rides", keys=["line"], sequence_by="id")

    dp.create_streaming_table("both")

    @dp.append_flow(target="both")
    def first():
        return spark.readStream.table("rides").select("id")

    @dp.append_flow(target="both")
    def second():
        return spark.readStream.table("rides").select(F.col("id") + 100)
"""
LATEST = """
    latest AS (SELECT origin.update_id AS id FROM log WHERE event_type = 'create_update'
               ORDER BY timestamp DESC LIMIT 1)
"""


@pytest.fixture(scope="module")
def rides(make_project):
    text = RIDES.replace('F.col("id") + 100', '(F.col("id") + 100).alias("id")')
    project = make_project({"rides.py": text}, event_log={"name": "events"}, serverless=True)
    project.land("1.json", {"id": 1, "line": "M1", "price": 1}, {"id": 2, "line": None, "price": 0})
    project.first = project.update(cause="JOB_TASK")
    project.land("2.json", {"id": 3, "line": "S7", "price": -5})
    project.second = project.update("rides", full_refresh=["per_line"])
    project.id = (project.root / ".lakeflow" / "pipelines" / project.schema / "id").read_text()
    project.spark.sql(f"CREATE OR REPLACE TEMP VIEW log AS SELECT * FROM {project.schema}.events")
    yield project
    project.spark.sql("DROP VIEW log")  # the session is that of other tests, too


def ask(project, query):
    return [tuple(row) for row in project.spark.sql(query).collect()]


def test_both_updates_completed_so_that_the_log_has_something_to_tell(rides):
    assert (rides.first.state, rides.second.state) == ("COMPLETED", "COMPLETED"), (
        rides.first.error,
        rides.second.error,
    )


def test_the_history_of_updates_has_state_start_end_and_what_was_asked_for(rides):
    found = ask(
        rides,
        """
        SELECT origin.update_id,
               max_by(details:update_progress.state, timestamp) FILTER (WHERE event_type = 'update_progress') AS state,
               max(details:create_update:cause) AS cause,
               max(details:create_update.full_refresh::boolean),
               max(details:create_update.full_refresh_selection[0]),
               max(details:create_update:config:serverless::boolean),
               timestampdiff(MILLISECOND, min(timestamp) FILTER (WHERE event_type = 'create_update'),
                   max(timestamp) FILTER (WHERE details:update_progress.state IN ('COMPLETED', 'FAILED', 'CANCELED')))
        FROM log GROUP BY ALL ORDER BY min(timestamp)
        """,
    )
    first, second = found
    assert first[:6] == (rides.first.update_id, "COMPLETED", "JOB_TASK", False, None, True)
    assert second[:6] == (rides.second.update_id, "COMPLETED", "API_CALL", False, "per_line", True)
    assert 0 < first[6] / 1000 <= rides.first.seconds


def test_the_states_of_an_update_follow_each_other(rides):
    states = (
        "SELECT details:update_progress.state FROM log WHERE event_type = 'update_progress' AND origin.update_id = "
    )
    found = ask(rides, f"{states} '{rides.first.update_id}' ORDER BY timestamp")
    assert [state for (state,) in found] == ["INITIALIZING", "SETTING_UP_TABLES", "RUNNING", "COMPLETED"]


def test_each_flow_has_its_own_duration_without_that_of_what_it_reads(rides):
    found = ask(
        rides,
        f"""
        WITH {LATEST.replace("DESC", "ASC")}
        SELECT origin.flow_name, origin.dataset_name,
               min(CASE WHEN details:flow_progress.status IN ('STARTING', 'RUNNING', 'COMPLETED') THEN timestamp END),
               max(CASE WHEN details:flow_progress.status IN ('STARTING', 'RUNNING', 'COMPLETED') THEN timestamp END),
               max_by(details:flow_progress.status, timestamp) AS last,
               sum(try_cast(details:flow_progress.metrics.num_output_rows AS BIGINT))
        FROM log, latest WHERE event_type = 'flow_progress' AND origin.update_id = latest.id
        GROUP BY ALL ORDER BY origin.flow_name
        """,
    )
    flows = {row[0]: row for row in found}
    assert {name: (row[1], row[4], row[5]) for name, row in flows.items()} == {
        "rides": ("rides", "COMPLETED", 1),
        "per_line": ("per_line", "COMPLETED", 1),
        "to_newest": ("newest", "COMPLETED", 1),
        "first": ("both", "COMPLETED", 1),
        "second": ("both", "COMPLETED", 1),
    }
    assert flows["per_line"][3] - flows["per_line"][2] > timedelta(seconds=0.2)  # its function sleeps so long
    assert all(row[2] >= flows["rides"][3] for name, row in flows.items() if name != "rides")
    assert flows["second"][2] >= flows["first"][3]


def test_the_latest_status_of_each_flow(rides):
    found = ask(
        rides,
        """
        SELECT origin.flow_name, details:flow_progress.status::string FROM log WHERE event_type = 'flow_progress'
        QUALIFY row_number() OVER (PARTITION BY origin.flow_name ORDER BY timestamp DESC) = 1 ORDER BY ALL
        """,
    )
    assert found == [(name, "COMPLETED") for name in ("first", "per_line", "rides", "second", "to_newest")]


def test_the_quality_of_the_latest_update_by_rule(rides):
    found = ask(
        rides,
        f"""
        WITH {LATEST}
        SELECT rule.dataset, rule.name, sum(rule.passed_records), sum(rule.failed_records), max(dropped)
        FROM (SELECT details:flow_progress.data_quality.dropped_records::int AS dropped,
                     explode(from_json(details:flow_progress:data_quality:expectations,
                         schema_of_json("[{{'name': 'a', 'dataset': 'a', 'passed_records': 1, 'failed_records': 1}}]")
                     )) AS rule
              FROM log, latest WHERE event_type = 'flow_progress' AND origin.update_id = latest.id)
        GROUP BY ALL ORDER BY ALL
        """,
    )
    assert found == [("rides", "named", 1, 0, 0), ("rides", "priced", 0, 1, 0)]


def test_lineage_has_the_inputs_the_kind_and_the_columns_of_each_flow(rides):
    found = ask(
        rides,
        f"""
        SELECT details:flow_definition.output_dataset, details:flow_definition.input_datasets,
               details:flow_definition.flow_type, details:flow_definition.schema[*].name
        FROM log WHERE event_type = 'flow_definition' AND origin.update_id = '{rides.first.update_id}' ORDER BY ALL
        """,
    )
    assert found == [
        ("both", '["rides"]', "APPEND", '["id"]'),
        ("both", '["rides"]', "APPEND", '["id"]'),
        ("cheap", '["rides"]', "VIEW", None),
        ("newest", '["rides"]', "CHANGE", '["id","line","price"]'),
        ("per_line", '["cheap"]', "MATERIALIZED_VIEW", '["line","count"]'),
        ("rides", '["landing"]', "APPEND", '["id","line","price"]'),
    ]


def test_a_flow_that_finds_nothing_new_is_defined_and_planned_as_before(rides):
    rides.update("per_line")
    lines = (rides.root / ".lakeflow" / "pipelines" / rides.schema / "events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    last = [event for event in events if event["origin"]["update_id"] == events[-1]["origin"]["update_id"]]
    details = {event["event_type"]: json.loads(event["details"]) for event in last}
    assert details["flow_definition"]["flow_definition"]["input_datasets"] == ["cheap"]
    technique = details["planning_information"]["planning_information"]["technique_information"][0]
    assert (technique["maintenance_type"], technique["is_chosen"]) == ("MAINTENANCE_TYPE_NO_OP", True)


def test_who_did_what_and_with_which_runtime(rides):
    actions = "SELECT details:user_action:action, details:user_action:user_name IS NOT NULL FROM log"
    found = ask(rides, f"{actions} WHERE event_type = 'user_action' ORDER BY timestamp")
    assert found[:3] == [("CREATE", True), ("START", True), ("START", True)]
    assert {action for action, _ in found[3:]} <= {"START"}
    runtime = "SELECT DISTINCT details:runtime_details:runtime_version:dbr_version FROM log"
    ((version,),) = ask(rides, f"{runtime} WHERE event_type = 'runtime_details'")
    assert "Spark 4" in version
    ((same,),) = ask(
        rides,
        "SELECT DISTINCT details:create_update:runtime_version:dbr_version FROM log WHERE event_type = 'create_update'",
    )
    assert same == version


def test_what_only_a_cluster_has_is_not_there_and_its_queries_give_nothing(rides):
    assert (
        ask(
            rides,
            "SELECT Double(details:cluster_resources.num_executors) FROM log "
            "WHERE event_type IN ('cluster_resources', 'autoscale')",
        )
        == []
    )
    assert ask(
        rides,
        "SELECT DISTINCT Double(details :flow_progress.metrics.backlog_bytes) FROM log "
        "WHERE event_type = 'flow_progress'",
    ) == [(None,)]


def test_events_are_ordered_by_time_and_know_their_origin(rides):
    found = ask(
        rides,
        "SELECT timestamp, sequence:control_plane_seq_no::bigint, origin.pipeline_id, origin.pipeline_name, "
        "origin.pipeline_type, maturity_level FROM log ORDER BY timestamp",
    )
    assert [row[1] for row in found] == sorted({row[1] for row in found})
    assert {row[2:] for row in found} == {(rides.id, rides.schema, "WORKSPACE", "STABLE")}


def test_the_function_reads_the_log_by_id_by_a_dataset_and_inside_views_and_parameters(rides):
    spark, of = rides.spark, "SELECT count(DISTINCT origin.update_id) FROM"
    updates = ask(rides, f"{of} event_log('{rides.id}')")[0][0]
    assert updates >= 2
    for source in (f"event_log(TABLE({rides.schema}.newest))", f"event_log(table(spark_catalog.{rides.schema}.rides))"):
        assert ask(rides, f"{of} {source}") == [(updates,)]
    assert spark.sql(f"{of} event_log(:pipeline)", args={"pipeline": rides.id}).collect()[0][0] == updates
    spark.sql(
        f"CREATE VIEW {rides.schema}.raw AS SELECT * FROM event_log('{rides.id}') WHERE details:user_action IS NULL"
    )
    assert ask(rides, f"SELECT count_if(event_type = 'user_action'), count(*) > 9 FROM {rides.schema}.raw") == [
        (0, True)
    ]
    described = dict(spark.sql(f"SELECT * FROM event_log('{rides.id}')").dtypes)
    assert described == dict(spark.table(f"{rides.schema}.events").dtypes)
    assert (described["details"], described["timestamp"]) == ("string", "timestamp")


def test_a_failed_update_names_the_flow_and_its_error(make_project):
    project = make_project(
        {"broken.sql": "CREATE MATERIALIZED VIEW broken AS SELECT CAST(raise_error('no tram') AS INT) AS x"}
    )
    project.write("after.sql", "CREATE MATERIALIZED VIEW after AS SELECT * FROM broken")
    assert project.update().state == "FAILED"
    found = project.spark.sql(
        f"""
        SELECT event_type, origin.flow_name, level, details:flow_progress.status, error.exceptions[0].message
        FROM event_log('{(project.root / ".lakeflow" / "pipelines" / project.schema / "id").read_text()}')
        WHERE error IS NOT NULL ORDER BY timestamp
        """
    ).collect()
    flows = {row[1]: tuple(row[2:4]) for row in found}
    assert flows == {"broken": ("ERROR", "FAILED"), "after": ("WARN", "SKIPPED"), None: ("ERROR", None)}
    assert "no tram" in found[0][4] and found[-1][0] == "update_progress"


def test_a_log_that_was_published_with_fewer_fields_goes_on(make_project):
    project = make_project({"one.sql": "CREATE MATERIALIZED VIEW one AS SELECT 1 AS id"}, event_log={"name": "events"})
    project.spark.sql(f"CREATE SCHEMA {project.schema}")
    project.spark.sql(
        f"CREATE TABLE {project.schema}.events (id STRING, sequence STRING, origin STRUCT<cloud: STRING, "
        "flow_name: STRING, update_id: STRING>, timestamp TIMESTAMP, message STRING, level STRING, details STRING)"
    )
    project.spark.sql(f"INSERT INTO {project.schema}.events (id, message) VALUES ('old', 'before')")
    update = project.update()
    assert update.state == "COMPLETED", update.error
    found = f"SELECT count_if(id = 'old'), count_if(origin.host IS NOT NULL) > 5 FROM {project.schema}.events"
    assert ask(project, found) == [(1, True)]


def test_an_id_that_is_none_and_a_table_of_no_pipeline_are_one_line(rides):
    for argument, said in (
        ("'nobody'", "no pipeline with the id nobody has run on this machine"),
        ("TABLE(log)", "log is no dataset that a pipeline has updated"),
    ):
        with pytest.raises(Exception, match=said):
            rides.spark.sql(f"SELECT * FROM event_log({argument})")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("owner", "amy"),
        ("OWNER", "amy"),
        ("['OWNER']", None),
        ("`zip code`", "94025"),
        ("store.fruit[0].type", "apple"),
        ("store:fruit[*].weight", "[8,9.50]"),
        ("store.fruit[1]", '{"type":"pear","weight":9.50}'),
        ("store.nothing", None),
        ("store.empty", None),
        ("owner.first", None),
    ],
)
def test_a_colon_reads_json_by_the_platforms_path_expressions(rides, path, found):
    text = (
        '{"owner":"amy","zip code":"94025","store":{"empty":null,"fruit":[{"type":"apple","weight":8},'
        '{"type":"pear","weight":9.50}]}}'
    )
    assert ask(rides, f"SELECT raw:{path} FROM VALUES ('{text}') AS data(raw)") == [(found,)]
    assert ask(rides, f"SELECT raw:{path} FROM VALUES ('no json {{') AS data(raw)") == [(None,)]


def test_a_colon_after_something_else_than_text_is_one_line(rides):
    with pytest.raises(Exception, match=r"`:` reads a text that holds JSON, or a VARIANT, and .*n is INT"):
        rides.spark.sql("SELECT n:a FROM VALUES (1) AS data(n)")
    assert ask(rides, "SELECT parse_json('{\"a\": 1}'):a::int") == [(1,)]


def test_published_times_are_exact_whatever_parsers_a_pipeline_sets(make_project):
    settings = """
        from pyspark import pipelines as dp

        spark.conf.set("spark.sql.legacy.timeParserPolicy", "LEGACY")
        spark.conf.set("spark.sql.session.timeZone", "Asia/Kolkata")

        @dp.materialized_view
        def one():
            return spark.range(1)
    """
    project = make_project({"one.py": settings}, event_log={"name": "events"})
    assert project.update().state == "COMPLETED"
    file = project.root / ".lakeflow" / "pipelines" / project.schema / "events.jsonl"
    written = {event["id"]: event["timestamp"] for event in map(json.loads, file.read_text().splitlines())}
    exact = f"SELECT id, date_format(timestamp, \"yyyy-MM-dd'T'HH:mm:ss.SSSSSSxxx\") FROM {project.schema}.events"
    assert dict(ask(project, exact)) == written and any(not time[20:26].endswith("000") for time in written.values())
