"""Tests of a bundle: its pipelines on seeded neighbours, its jobs on given outcomes, its resources.

def test_a_trip_without_distance_is_kept_and_counted(pipeline):
    pipeline.seed("trips_raw", [{"id": 1, "distance": None}])
    update = pipeline.refresh("trips")
    assert update["trips"].expectations["distance_known"].failed_records == 1
    assert pipeline.table("trips").count() == 1

def test_a_failed_count_is_not_shown(job):
    assert job("daily").simulate({"count": "failed"}).results["show"] == "UPSTREAM_FAILED"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lakeflow_local.settings import load_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakeflow_local.bundle import Bundle
    from lakeflow_local.testing.job import JobUnderTest
    from lakeflow_local.testing.pipeline import PipelineUnderTest

_SETTINGS = ("root", "pipeline", "target")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The settings in an ini file; `[tool.lakeflow-local.pytest]` of a pyproject.toml says the same."""
    parser.addini("lakeflow_root", "folder of the bundle under test (default: pytest's rootdir)")
    parser.addini("lakeflow_pipeline", "key of the pipeline under test (default: the bundle's only one)")
    parser.addini("lakeflow_target", "target of the bundle under test (default: local)")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "pipeline(root=None, pipeline=None, target=None, configuration=None, spec=None): which pipeline the fixture "
        "`pipeline` runs, and with what configuration",
    )


def _settings(config: pytest.Config, marker: pytest.Mark | None) -> dict[str, Any]:
    """The marker's settings before the ini file's, before pyproject.toml's, before the defaults."""
    found: dict[str, Any] = {"root": str(config.rootpath), "pipeline": None, "target": "local"}
    found |= load_settings(config.rootpath).pytest
    found |= {key: config.getini(f"lakeflow_{key}") for key in _SETTINGS if config.getini(f"lakeflow_{key}")}
    if marker is not None:
        found |= {key: value for key, value in marker.kwargs.items() if value is not None}
    found["root"] = (config.rootpath / found["root"]).resolve()
    return found


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one Spark session of the run: classic, with Delta, UTC, its tables in a temporary folder."""
    from lakeflow_local.spark.session import SparkServer

    with SparkServer(tmp_path_factory.mktemp("lakeflow"), connect=False) as server:
        yield server.spark


@pytest.fixture(scope="session")
def _bundles(request: pytest.FixtureRequest) -> Callable[[Path, str], Bundle]:
    from lakeflow_local.bundle import load

    loaded: dict[tuple[Path, str], Bundle] = {}

    def get(root: Path, target: str) -> Bundle:
        if (root, target) not in loaded:
            loaded[root, target] = load(root, target)
        return loaded[root, target]

    return get


@pytest.fixture
def bundle(request: pytest.FixtureRequest, _bundles: Callable[[Path, str], Bundle]) -> Callable[..., Bundle]:
    """`bundle("prod").resources`: the bundle, resolved for a target."""
    settings = _settings(request.config, request.node.get_closest_marker("pipeline"))

    def resolve(target: str | None = None) -> Bundle:
        return _bundles(settings["root"], target or settings["target"])

    return resolve


@pytest.fixture
def job(
    request: pytest.FixtureRequest, _bundles: Callable[[Path, str], Bundle], tmp_path: Path
) -> Callable[..., JobUnderTest]:
    """`job("daily", target="prod").simulate({"count": "failed"})`: what a job would do; `.run()` does it, in a copy."""
    from lakeflow_local.testing.job import JobUnderTest
    from lakeflow_local.workspace.definitions import called_job, job_of

    settings = _settings(request.config, request.node.get_closest_marker("pipeline"))

    def get(key: str, target: str | None = None) -> JobUnderTest:
        root, wanted = settings["root"], target or settings["target"]
        bundle = _bundles(root, wanted)
        return JobUnderTest(job_of(bundle, key), root, wanted, tmp_path, lambda job_id: called_job(bundle, job_id))

    return get


@pytest.fixture
def pipeline(
    request: pytest.FixtureRequest,
    spark: SparkSession,
    _bundles: Callable[[Path, str], Bundle],
    tmp_path: Path,
) -> PipelineUnderTest:
    """The bundle's pipeline in a schema of the test's own."""
    from lakeflow_local.testing.pipeline import PipelineUnderTest

    settings = _settings(request.config, request.node.get_closest_marker("pipeline"))
    spec = settings.get("spec") or _spec(_bundles(settings["root"], settings["target"]), settings["pipeline"])
    configuration: Mapping[str, str] = settings.get("configuration") or {}
    return PipelineUnderTest(spec, settings["root"], spark, tmp_path / "state", configuration)


def _spec(resolved: Bundle, key: str | None) -> Mapping[str, Any]:
    pipelines = resolved.resources.get("pipelines") or {}
    if key is None and len(pipelines) == 1:
        key = next(iter(pipelines))
    if key not in pipelines:
        there = ", ".join(sorted(pipelines)) or "none"
        which = (
            f"has no pipeline {key}" if key else "has more or less than one pipeline: say which by `lakeflow_pipeline`"
        )
        raise pytest.UsageError(f"the bundle in {resolved.root} {which}; it has: {there}")
    return resolved.pipeline(key)
