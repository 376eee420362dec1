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

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lakeflow_local.daemon.finding import SWITCH
from lakeflow_local.errors import UserError
from lakeflow_local.settings import load_settings
from lakeflow_local.testing.shared_session import SharedSession

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakeflow_local.bundle import Bundle
    from lakeflow_local.testing.job import JobUnderTest
    from lakeflow_local.testing.pipeline import PipelineUnderTest

_SETTINGS = ("root", "pipeline", "target")
_BUNDLE_FILES = ("databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml")
_SHARED = pytest.StashKey[SharedSession]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The settings in an ini file; `[tool.lakeflow-local.pytest]` of a pyproject.toml says the same."""
    parser.addini("lakeflow_root", "folder of the bundle under test (default: pytest's rootdir)")
    parser.addini("lakeflow_pipeline", "key of the pipeline under test (default: the bundle's only one)")
    parser.addini("lakeflow_target", "target of the bundle under test (default: local)")
    seed = "tables that the Spark session has from its beginning: lines of CATALOG.SCHEMA.TABLE=FILE"
    parser.addini("lakeflow_seed", seed, type="linelist", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and let commands that tests start run on their own."""
    os.environ.setdefault(SWITCH, "off")
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


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """In a bundle, answer whoever asks for a Spark session first: a conftest may do so while it is imported."""
    shared = early_config.stash[_SHARED] = SharedSession(early_config.getini("lakeflow_seed"))
    root = Path(early_config.rootpath, early_config.getini("lakeflow_root") or ".")
    if any((root / name).is_file() for name in _BUNDLE_FILES):
        shared.answer()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop Spark."""
    if _SHARED in config.stash:
        config.stash[_SHARED].close()


@pytest.fixture(scope="session")
def spark(_lakeflow_spark: SparkSession) -> SparkSession:
    """The one Spark session of the run: classic, with Delta, UTC, its tables in a temporary folder."""
    return _lakeflow_spark


@pytest.fixture(scope="session")
def _lakeflow_spark(request: pytest.FixtureRequest) -> SparkSession:
    """The same under a name that no project has: one may have a fixture `spark` of its own."""
    try:
        return request.config.stash[_SHARED].spark()
    except UserError as error:
        pytest.fail(str(error), pytrace=False)


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
    _lakeflow_spark: SparkSession,
    _bundles: Callable[[Path, str], Bundle],
    tmp_path: Path,
) -> Iterator[PipelineUnderTest]:
    """The bundle's pipeline in a schema of the test's own; the test reads paths of the platform as it does."""
    from lakeflow_local.platform_paths import python_files
    from lakeflow_local.platform_paths.path_map import PathMap
    from lakeflow_local.testing.pipeline import PipelineUnderTest

    settings = _settings(request.config, request.node.get_closest_marker("pipeline"))
    spec, paths = settings.get("spec"), PathMap(settings["root"])
    if not spec:
        bundle = _bundles(settings["root"], settings["target"])
        spec = _spec(bundle, settings["pipeline"])
        paths = PathMap(bundle.root, (bundle.config.get("workspace") or {}).get("file_path"), bundle.sync_root)
    configuration: Mapping[str, str] = settings.get("configuration") or {}
    with python_files.using(paths):
        yield PipelineUnderTest(spec, settings["root"], _lakeflow_spark, tmp_path / "state", configuration, paths)


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
