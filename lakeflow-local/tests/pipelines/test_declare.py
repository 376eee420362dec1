"""The decorators and functions of `pyspark.pipelines` and `dlt`, with the arguments of the platform's reference."""

import pytest

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.declare.source import load
from lakeflow_local.pipelines.model.model import Kind
from lakeflow_local.pipelines.model.spec import PipelineSpec

TABLE_ARGUMENTS = """
    name="trips", comment="all trips", spark_conf={"a.b": "c"}, table_properties={"quality": "silver"}, path="/x",
    partition_cols=["day"], cluster_by_auto=False, cluster_by=["id"], schema="id INT, day DATE",
    row_filter="ROW FILTER f ON (id)"
"""


def declared(tmp_path, text, heading="from pyspark import pipelines as dp\n"):
    (tmp_path / "trips.py").write_text(heading + text)
    spec = {"schema": "s", "libraries": [{"file": {"path": "trips.py"}}]}
    return {table: dataset for (_, table), dataset in load(PipelineSpec.parse(spec, tmp_path), None).items()}


@pytest.mark.parametrize(
    ("decorator", "kind", "more"),
    [
        ("table", Kind.TABLE, ", private=True"),  # its query decides
        ("materialized_view", Kind.MATERIALIZED_VIEW, ", private=True, refresh_policy='auto'"),
    ],
)
def test_a_table_takes_every_documented_argument(tmp_path, decorator, kind, more):
    trips = declared(tmp_path, f"@dp.{decorator}({TABLE_ARGUMENTS}{more})\ndef f(): ...\n")["trips"]
    assert (trips.kind, trips.comment, trips.schema) == (kind, "all trips", "id INT, day DATE")
    assert (trips.partition_cols, trips.cluster_by, trips.properties) == (("day",), ("id",), {"quality": "silver"})
    assert trips.private and trips.spark_conf == {"a.b": "c"}


def test_a_view_takes_every_documented_argument_and_a_decorator_needs_no_parentheses(tmp_path):
    found = declared(
        tmp_path,
        "@dp.temporary_view(name='v', comment='c', spark_conf={'a': 'b'})\ndef f(): ...\n"
        "@dp.temporary_view\ndef w(): ...\n@dp.view()\ndef x(): ...\n",
    )
    assert {name: dataset.kind for name, dataset in found.items()} == dict.fromkeys("vwx", Kind.TEMPORARY_VIEW)


def test_create_streaming_table_and_its_flows_take_every_documented_argument(tmp_path):
    found = declared(
        tmp_path,
        f"dp.create_streaming_table({TABLE_ARGUMENTS}, expect_all={{'a': 'id > 0'}}, expect_all_or_drop={{'b': 'true'}}"
        ", expect_all_or_fail={'c': 'true'})\n"
        "@dp.append_flow(target='trips', name='later', once=True, spark_conf={'a': 'b'}, comment='c')\ndef f(): ...\n"
        "@dp.append_flow(target='trips')\ndef g(): ...\n",
    )["trips"]
    assert [(flow.name, flow.once) for flow in found.flows] == [("later", True), ("g", False)]
    assert [(rule.name, str(rule.severity)) for rule in found.expectations] == [
        ("a", "warn"),
        ("b", "drop"),
        ("c", "fail"),
    ]


def test_create_auto_cdc_flow_takes_its_documented_arguments(tmp_path):
    flow = declared(
        tmp_path,
        "dp.create_streaming_table('t')\n"
        "dp.create_auto_cdc_flow(target='t', source='s', keys=['k'], sequence_by='at', ignore_null_updates=True,\n"
        "    apply_as_deletes='d', except_column_list=['e'], stored_as_scd_type='2',\n"
        "    track_history_except_column_list=['x'], name='n', once=True)\n",
    )["t"].cdc_flows[0]
    assert (flow.keys, flow.sequence_by, flow.scd_type, flow.once, flow.name) == (("k",), "at", 2, True, "n")
    assert (flow.except_column_list, flow.track_history_except_column_list) == (("e",), ("x",))
    assert flow.ignore_null_updates and flow.apply_as_deletes == "d"


def test_replace_and_update_flows_take_their_documented_arguments(tmp_path):
    found = declared(
        tmp_path,
        "@dp.table(replace_where='day > 1')\ndef a(): ...\n"
        "@dp.table(replace_using=['k'], sequence_by='at')\ndef b(): ...\n"
        "dp.create_streaming_table('c')\n"
        "@dp.replace_flow(target='c', replace_using=['k'], sequence_by='at', name='n', comment='c',\n"
        "    spark_conf={'x': 'y'})\ndef f(): ...\n"
        "@dp.foreach_batch_sink\ndef d(batch, number): ...\n"
        "@dp.update_flow(target='d', name='u', comment='c', spark_conf={'x': 'y'})\ndef g(): ...\n"
        "dp.create_table('e', comment='c', schema='id INT', cluster_by=['id'], expect_all={'r': 'true'})\n"
        "@dp.append_flow(target='e')\ndef h(): ...\n",
    )
    assert {name: found[name].kind for name in "abce"} == dict.fromkeys("abce", Kind.STREAMING_TABLE)
    assert found["a"].flows[0].replace_where == "day > 1"
    assert [(flow.replace_using, flow.sequence_by) for flow in (*found["b"].flows, *found["c"].flows)] == [
        (("k",), "at"),
        (("k",), "at"),
    ]
    assert found["d"].flows[0].sends_updates and found["e"].is_managed and found["e"].expectations


def test_a_schema_in_python_has_the_properties_of_sql(tmp_path):
    found = declared(
        tmp_path,
        '@dp.table(schema="""id INT NOT NULL PRIMARY KEY, v STRING MASK main.s.f,\n'
        '    twice INT GENERATED ALWAYS AS (id * 2), CONSTRAINT k FOREIGN KEY (id) REFERENCES x (id)""")\n'
        "def t(): ...\n",
    )["t"]
    assert found.schema == "id INT NOT NULL, v STRING, twice INT"
    assert [(rule.name, rule.expression) for rule in found.supplied] == [("twice", "id * 2")]
    with pytest.raises(UserError, match=r"trips\.py:2: a schema takes no expectations"):
        declared(tmp_path, "@dp.table(schema='id INT, CONSTRAINT c EXPECT (id > 0)')\ndef t(): ...\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "dp.create_table('t')\ndp.create_auto_cdc_flow('t', 's', ['k'], 'at')\n",
            "MANAGED_TABLE_DOES_NOT_SUPPORT_CDC",
        ),
        ("dp.create_streaming_table('t')\n@dp.update_flow(target='t')\ndef f(): ...\n", "writes to a sink"),
        (
            "dp.create_sink('t', 'delta', {'path': '/x'})\n@dp.update_flow(target='t')\ndef f(): ...\n",
            "a Delta sink, which takes none",
        ),
        (
            "dp.create_streaming_table('t', schema='k BIGINT GENERATED ALWAYS AS IDENTITY, id INT')\n"
            "@dp.replace_flow(target='t', replace_using=['id'], sequence_by='id')\ndef f(): ...\n",
            "an identity column: lakeflow-local does not support that with a replace flow",
        ),
        (
            "dp.create_streaming_table('t', schema='a INT DEFAULT 3')\ndp.create_auto_cdc_flow('t', 's', ['k'], 'a')\n",
            r"target of AUTO CDC: lakeflow-local gives none of its columns a value \(GENERATED, IDENTITY, DEFAULT: a\)",
        ),
    ],
)
def test_a_flow_that_its_target_does_not_take_is_refused(tmp_path, text, problem):
    with pytest.raises(UserError, match=problem):
        declared(tmp_path, text)


def test_the_names_of_dlt_declare_the_same(tmp_path):
    found = declared(
        tmp_path,
        "@dlt.table(name='a', temporary=True)\n@dlt.expect('r', 'true')\ndef f(): ...\n"
        "@dlt.view\ndef b(): ...\n"
        "dlt.create_target_table('c')\ndlt.apply_changes('c', 'a', ['k'], 'at')\n"
        "dlt.create_streaming_live_table('d')\n",
        heading="import dlt\n",
    )
    assert {name: dataset.kind for name, dataset in found.items()} == {
        "a": Kind.TABLE,  # its query decides
        "b": Kind.TEMPORARY_VIEW,
        "c": Kind.STREAMING_TABLE,
        "d": Kind.STREAMING_TABLE,
    }
    assert found["a"].private and found["a"].expectations and found["c"].cdc_flows


CDC = "dp.create_auto_cdc_flow('t', 's', ['k'], 'at', "


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (CDC + "columns_to_update=['a'])", "columns_to_update"),
        ("@dp.append_flow(target='t', depends_on='g')\ndef f(): ...", "append_flow: .*depends_on"),
        ("@dp.update_flow(target='t', import_checkpoint='/x')\ndef f(): ...", "update_flow: .*import_checkpoint"),
        ("@dp.table(replace_using=['a'])\ndef f(): ...", "replace_using needs sequence_by"),
        ("dp.create_table('t', expectations={})", "create_table has no argument expectations"),
        ("dp.create_sink('orders_out', 'kafka', {})", "sink orders_out: format kafka"),
        ("@dp.on_event_hook\ndef f(event): ...", "on_event_hook"),
    ],
)
def test_what_is_not_supported_is_refused_by_its_name_and_line(tmp_path, text, named):
    with pytest.raises(UserError, match=rf"trips\.py:2: .*{named}"):
        declared(tmp_path, text)


def test_libraries_are_globs_files_and_notebooks(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.py").write_text(
            f"from pyspark import pipelines as dp\n@dp.table\ndef of_{name}(): ...\n"
        )
    libraries = [
        {"glob": {"include": "a/**"}},
        {"file": {"path": "b/b.py"}},
        {"notebook": {"path": "c/c"}},
    ]
    found = load(PipelineSpec.parse({"schema": "s", "libraries": libraries}, tmp_path), None)
    assert {table for _, table in found} == {"of_a", "of_b", "of_c"}


@pytest.mark.parametrize("kind", ["jar", "maven", "whl"])
def test_a_library_of_another_kind_is_refused(tmp_path, kind):
    with pytest.raises(UserError, match=f"runs glob, file and notebook libraries, not {kind}"):
        PipelineSpec.parse({"schema": "s", "libraries": [{kind: "x"}]}, tmp_path)


def test_parameters_of_a_sql_file_are_the_configuration(tmp_path):
    (tmp_path / "fleet.sql").write_text("CREATE MATERIALIZED VIEW ${which}_trips COMMENT 'of ${which}' AS SELECT 1")
    spec = {"schema": "s", "libraries": [{"file": {"path": "fleet.sql"}}], "configuration": {"which": "late"}}
    found = load(PipelineSpec.parse(spec, tmp_path), None)
    assert found["s", "late_trips"].comment == "of late"
