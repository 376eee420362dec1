"""The pytest plugin, used as its README says, on a small bundle."""

import datetime as dt

import pytest

from lakeflow_local.errors import UserError

SPEC = {
    "name": "rides",
    "catalog": "spark_catalog",
    "schema": "rides",
    "libraries": [{"glob": {"include": "transformations/**"}}],
}


@pytest.fixture
def rides(spark, tmp_path):
    """What the fixture `pipeline` gives for this bundle."""
    from lakeflow_local.testing.pipeline import PipelineUnderTest

    folder = tmp_path / "bundle" / "transformations"
    folder.mkdir(parents=True)
    (folder / "trips.py").write_text(
        "from pyspark import pipelines as dp\n"
        "@dp.table(schema='id INT, started_on DATE, fare DECIMAL(9,2)')\n"
        "def trips_raw():\n    return spark.readStream.table('nowhere')\n"
        "@dp.table\n@dp.expect_or_drop('fare_positive', 'fare > 0')\n"
        "def trips():\n    return spark.readStream.table('cheap')\n"
        "@dp.temporary_view\n"
        "def cheap():\n    return spark.readStream.table('trips_raw').where('fare < 100 OR fare IS NULL')\n"
        "@dp.materialized_view\n"
        "def totals():\n    return spark.table('trips').groupBy('started_on').count()\n"
    )
    return PipelineUnderTest(SPEC, tmp_path / "bundle", spark, tmp_path / "state")


@pytest.mark.slow
def test_seeded_neighbours_feed_the_real_files_and_a_second_seed_appends(rides):
    rides.seed("trips_raw", [{"id": 1, "started_on": "2026-03-29", "fare": "9.50"}, {"id": 2, "fare": "-1"}, {"id": 3}])
    first = rides.refresh("totals")
    assert {result.name: result.state for result in first if result.kind != "temporary_view"} == {
        "trips_raw": "EXCLUDED",
        "trips": "COMPLETED",
        "totals": "COMPLETED",
    }
    assert first["trips"].expectations["fare_positive"].failed_records == 2
    assert first["trips"].dropped_records == 2
    assert rides.table("totals").collect() == [(dt.date(2026, 3, 29), 1)]
    rides.seed("trips_raw", [(4, dt.date(2026, 3, 30), "3.00")])
    assert rides.refresh("trips")["trips"].rows == 1
    with pytest.raises(UserError, match="seed of trips_raw: it has no column fair; it has id, started_on, fare"):
        rides.seed("trips_raw", [{"fair": 1}])
    with pytest.raises(UserError, match="no rows and no schema"):
        rides.seed("unknown", [])


def test_two_tests_have_two_schemas(rides, spark, tmp_path):
    from lakeflow_local.testing.pipeline import PipelineUnderTest

    other = PipelineUnderTest(SPEC, tmp_path / "bundle", spark, tmp_path / "other")
    assert other.schema != rides.schema
    assert rides.schema.startswith("test_")


def test_the_marker_goes_before_the_ini_file_and_that_before_the_defaults():
    from pathlib import Path
    from types import SimpleNamespace

    from lakeflow_local.testing.plugin import _settings

    ini = {"lakeflow_root": "", "lakeflow_pipeline": "rides", "lakeflow_target": "dev"}
    config = SimpleNamespace(rootpath=Path("/nowhere"), getini=ini.get)
    assert _settings(config, None) == {"root": Path("/nowhere"), "pipeline": "rides", "target": "dev"}
    marker = SimpleNamespace(kwargs={"root": "fleet", "target": "prod", "pipeline": None})
    assert _settings(config, marker) == {"root": Path("/nowhere/fleet"), "pipeline": "rides", "target": "prod"}
