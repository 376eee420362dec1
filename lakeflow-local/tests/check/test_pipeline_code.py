"""What is read of a pipeline's source files, and when nothing is said because it is not certain."""

import pytest

from lakeflow_local.bundle import load
from lakeflow_local.check.datasets.model import Kind
from lakeflow_local.check.datasets.reading import pipelines_of
from lakeflow_local.check.engine.running import Options, check
from lakeflow_local.check.rule import all_rules

OURS = tuple(one.id for one in all_rules().values() if one.family == "pipelines" and not one.needs_spark)
BUNDLE = """
bundle:
  name: shop
resources:
  pipelines:
    shop:
      name: shop
      catalog: main
      schema: shop
      configuration: {landing: /Volumes/main/shop/landing}
      libraries:
        - glob: {include: shop/**}
"""
IMPORT = "from pyspark import pipelines as dp\n"


@pytest.fixture
def write(tmp_path):
    """A bundle whose pipeline has these files, file -> text."""

    def write(files, bundle=BUNDLE):
        (tmp_path / "databricks.yml").write_text(bundle)
        for name, text in files.items():
            path = tmp_path / "shop" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def read(root):
    (code,) = pipelines_of(load(root))
    return code


def found(root):
    return [(one.rule, one.file, one.line) for one in check(root, Options(rules=OURS)).findings]


def test_python_and_sql_give_the_same_picture(write):
    code = read(
        write(
            {
                "a.py": IMPORT + "@dp.table(name='raw')\n@dp.expect('keyed', 'id IS NOT NULL')\ndef f():\n"
                "    return spark.readStream.format('cloudFiles').load(spark.conf.get('landing'))\n",
                "b.sql": "-- of raw\nCREATE STREAMING TABLE good (\n  CONSTRAINT keyed\n  EXPECT (id IS NOT NULL)\n)\n"
                "AS SELECT id, at FROM STREAM(raw);\n"
                "CREATE MATERIALIZED VIEW days AS SELECT at FROM LIVE.good JOIN x.y USING (at);\n",
            }
        )
    )
    raw, good, days = code.datasets
    assert code.is_complete
    assert [one.kind for one in (raw, good, days)] == [
        Kind.STREAMING_TABLE,
        Kind.STREAMING_TABLE,
        Kind.MATERIALIZED_VIEW,
    ]
    assert [(one.name, one.place.line) for one in (*raw.expectations, *good.expectations)] == [
        ("keyed", 3),
        ("keyed", 3),
    ]
    assert [(one.name, one.streaming) for one in good.query.reads] == [("raw", True)]
    assert [(one.name, one.inside) for one in days.query.reads] == [("LIVE.good", True), ("x.y", False)]
    assert good.query.columns == ("id", "at")
    assert raw.query.sources[0].format == "cloudFiles"


def test_reads_are_followed_into_functions_of_the_bundle_and_over_loops(write):
    code = read(
        write(
            {
                "all.py": IMPORT + "from _lib import union\nNAMES = ['a', 'b']\n\n@dp.materialized_view\ndef both():\n"
                "    frames = [spark.read.table(f'{name}_raw') for name in NAMES]\n    return union(spark, 'c')\n",
                "_lib.py": "def union(session, name, suffix='_raw'):\n    return session.read.table(name + suffix)\n",
            }
        )
    )
    both = next(one for one in code.datasets if one.name == "both")
    assert [one.name for one in both.query.reads] == ["a_raw", "b_raw", "c_raw"]
    assert both.query.is_complete
    assert both.kind is Kind.MATERIALIZED_VIEW


@pytest.mark.parametrize(
    "text",
    [
        "for name in tables():\n    @dp.table(name=name)\n    def f():\n        return spark.readStream.table('x')\n",
        "def make(n):\n    @dp.table(name=n)\n    def f():\n        return spark.readStream.table('x')\nmake('raw')\n",
        "dp.create_streaming_table(name=name_of())\n",
        "import somewhere\nsomewhere.declare(spark)\n",
        "dp.something_new('raw')\n",
        "import databricks.pipelines as dbp\n@dbp.table\ndef raw():\n    return spark.readStream.table('x')\n",
    ],
    ids=["loop", "factory", "name", "foreign", "new function", "another module"],
)
def test_where_datasets_may_be_more_than_are_seen_nothing_is_called_missing(write, text):
    root = write(
        {
            "a.py": IMPORT + text,
            "b.sql": "CREATE MATERIALIZED VIEW raw_sums AS SELECT * FROM LIVE.raw;\n"
            "CREATE MATERIALIZED VIEW x AS SELECT * FROM raw_sum;\n",
        }
    )
    assert not read(root).is_complete
    assert found(root) == []


def test_a_table_that_another_file_of_the_bundle_makes_is_not_missing(write):
    root = write(
        {
            "a.sql": "CREATE MATERIALIZED VIEW orders AS SELECT 1 AS id;\n"
            "CREATE MATERIALIZED VIEW x AS SELECT * FROM order;\n"
        }
    )
    assert found(root) == [("read-of-missing-table", "shop/a.sql", 2)]
    (root / "job.py").write_text("frame.write.mode('append').saveAsTable('main.shop.order')\n")
    assert found(root) == []


def test_names_that_differ_in_digits_or_lie_elsewhere_are_not_missing(write):
    text = "CREATE MATERIALIZED VIEW orders_2 AS SELECT 1 AS id;\nCREATE MATERIALIZED VIEW x AS SELECT * FROM {};\n"
    for name in ("orders_1", "main.crm.orders_22", "other.shop.orderss_2"):
        assert found(write({"a.sql": text.format(name)})) == []


def test_only_what_surely_comes_from_spark_is_an_eager_call(write):
    body = (
        "    rows = spark.read.table('x.y')\n    names = ['a', 'b']\n    n = names.count('a')\n"
        "    grouped = rows.groupBy('a').count()\n    first = rows.agg(F.first('b'))\n    unknown(rows).count()\n"
        "    return rows.join(grouped, 'a')\n"
    )
    head = IMPORT + "from pyspark.sql import functions as F\n\n@dp.materialized_view\ndef f():\n"
    assert found(write({"a.py": head + body})) == []
    eager = body.replace("    return", "    if rows.where('a > 0').isEmpty():\n        return rows\n    return")
    assert found(write({"a.py": head + eager})) == [("eager-call-in-dataset", "shop/a.py", 12)]


def test_an_action_in_a_helper_of_the_bundle_is_found_at_its_line(write):
    root = write(
        {
            "a.py": IMPORT
            + "from _lib import checked\n\n@dp.materialized_view\ndef f():\n    return checked(spark.table('x.y'))\n",
            "_lib.py": "def checked(frame):\n    assert frame.count() > 0\n    return frame\n",
        }
    )
    assert found(root) == [("eager-call-in-dataset", "shop/_lib.py", 2)]


def test_a_sink_and_a_hook_may_have_effects(write):
    text = (
        "import requests\n\n@dp.foreach_batch_sink(name='out')\ndef out(batch, number):\n    requests.post('https://a.example')\n\n"
        "@dp.append_flow(target='out')\ndef flow():\n    return spark.readStream.table('x.y')\n\n"
        "@dp.on_event_hook\ndef hook(event):\n    requests.post('https://a.example')\n"
    )
    assert found(write({"a.py": IMPORT + text})) == []


def test_definitions_under_a_condition_may_exclude_each_other(write):
    one = "    @dp.materialized_view\n    def f():\n        return spark.read.table('x.y')\n"
    assert found(write({"a.py": f"{IMPORT}if spark.conf.get('a') == 'b':\n{one}else:\n{one}"})) == []


def test_a_condition_that_may_be_null_is_said_where_the_others_never_are(write):
    rules = {f"r{n}": f"coalesce(c{n} > 0, false)" for n in range(6)}
    text = (
        IMPORT
        + "RULES = {}\n\n@dp.materialized_view\n@dp.expect_all(RULES)\ndef f():\n    return spark.read.table('x.y')\n"
    )
    assert found(write({"a.py": text.format(rules)})) == []
    assert found(write({"a.py": text.format(rules | {"r6": "c6 > 0"})})) == [
        ("expectation-may-be-null", "shop/a.py", 2)
    ]
    few = {"r0": "coalesce(c0 > 0, false)", "r6": "c6 > 0"}
    assert found(write({"a.py": text.format(few)})) == []


def test_a_rule_that_another_of_its_name_replaces_is_said(write):
    rules = "RULES = {'a': 'x > 0', 'b': 'y > 0', 'a': 'z > 0'}\n\n"
    text = f"{rules}@dp.materialized_view\n@dp.expect_all(RULES)\ndef f():\n    return spark.read.table('x.y')\n"
    assert found(write({"a.py": IMPORT + text})) == [("expectation-name-twice", "shop/a.py", 2)]


def test_a_file_of_two_pipelines_is_said_once(write):
    other = BUNDLE[BUNDLE.index("    shop:") :].replace("shop:", "other:").replace("schema: shop", "schema: other")
    text = "@dp.materialized_view\ndef f():\n    return spark.read.table('x.y').groupBy('a').pivot('b').count()\n"
    assert found(write({"a.py": IMPORT + text}, BUNDLE + other)) == [("pivot-in-dataset", "shop/a.py", 4)]


def test_protected_tables_and_explicit_choices_are_respected(write):
    table = "@dp.table(table_properties={})\ndef {}():\n    return spark.readStream.format('{}').load('/x')\n\n"
    kafka = IMPORT + table.format("{'pipelines.reset.allowed': 'true'}", "a", "kafka")
    assert found(write({"a.py": kafka})) == []
    files = table.format("{'pipelines.reset.allowed': 'false'}", "b", "cloudFiles") + table.format(
        "{}", "c", "cloudFiles"
    )
    assert found(write({"a.py": IMPORT + files})) == [("full-refresh-loses-history", "shop/a.py", 6)]


def test_a_column_list_names_the_columns_that_a_condition_sees(write):
    columns = "({} COMMENT 'the key',\n\n  CONSTRAINT keyed EXPECT (id IS NOT NULL)\n)"
    text = f"CREATE MATERIALIZED VIEW t {columns} AS SELECT a FROM x.y;\n"
    assert found(write({"a.sql": text.format("id")})) == []
    assert found(write({"a.sql": text.format("key")})) == [("expectation-unknown-column", "shop/a.sql", 3)]


def test_a_module_that_declares_when_it_is_imported_leaves_the_pipeline_unknown(write):
    root = write(
        {
            "a.sql": "CREATE MATERIALIZED VIEW x AS SELECT * FROM LIVE.raw;\n",
            "b.py": "import declared\n",
        }
    )
    (root / "declared.py").write_text(f"{IMPORT}dp.create_streaming_table('raw')\n")
    assert not read(root).is_complete
    (root / "declared.py").write_text('"""Of pipelines."""\n')
    assert read(root).is_complete


def test_auto_cdc_from_snapshot_has_no_sequence_and_an_older_name_for_its_source(write):
    text = "import dlt\ndlt.create_streaming_table('t')\ndlt.apply_changes_from_snapshot(target='t', {}keys=['id'])\n"
    assert found(write({"a.py": text.format("snapshot_and_version=next_one, ")})) == []
    assert found(write({"a.py": text.replace(", {}keys=['id']", "")})) == [("auto-cdc-incomplete", "shop/a.py", 3)]


def test_a_view_may_be_the_stream_that_a_table_reads(write):
    view = "CREATE TEMPORARY VIEW v AS SELECT * FROM STREAM(x.y);\n"
    table = "CREATE STREAMING TABLE t AS SELECT * FROM {};\n"
    assert found(write({"a.sql": view + table.format("v")})) == []
    assert found(write({"a.sql": view + table.format("x.z")})) == [("streaming-table-of-batch-query", "shop/a.sql", 2)]


def test_a_condition_may_name_a_column_by_the_table_of_its_query(write):
    text = "CREATE MATERIALIZED VIEW t (CONSTRAINT keyed EXPECT (f.id IS NOT NULL)) AS SELECT f.id, n FROM x.y AS f;\n"
    assert found(write({"a.sql": text})) == []
