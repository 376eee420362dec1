"""The deployed pipeline and job have the bundle's settings: what the workspace says against what the bundle says."""

import re
from typing import Any

import pytest

pytestmark = pytest.mark.workspace


def differences(expected: Any, actual: Any, path: str = "") -> list[str]:
    """Where `actual` lacks or changes what `expected` says; what a workspace adds does not count."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [found for key in expected for found in differences(expected[key], actual.get(key), f"{path}.{key}")]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = enumerate(zip(_ordered(expected), _ordered(actual), strict=True))
        return [found for i, (left, right) in pairs for found in differences(left, right, f"{path}[{i}]")]
    return [] if _matches(expected, actual) else [f"{path}: bundle {expected!r}, workspace {actual!r}"]


def _matches(expected: Any, actual: Any) -> bool:
    """Equal, but for what is known only after a deployment: ids and names of resources, and where the wheel went."""
    if isinstance(expected, str) and isinstance(actual, str | int):
        actual = str(actual)  # an id stands in the bundle as a reference
        if expected.endswith(".whl"):
            return actual.endswith(".whl")
        return re.fullmatch(re.sub(r"\\\$\\{resources[^}]*\}", ".+", re.escape(expected)), actual) is not None
    return expected == actual or (expected == [] and actual is None)  # an API leaves empty lists out


def _ordered(items: list[Any]) -> list[Any]:
    """Tasks and the like by their key: a workspace may list them in another order."""
    return sorted(
        items, key=lambda item: str(item.get("task_key") or item.get("name")) if isinstance(item, dict) else ""
    )


SET_BY_THE_BUNDLE_ALONE = ("id", "url", "modified_status", "permissions", "lifecycle", "run_as", "deployment")


def test_the_jobs_have_the_settings_of_the_bundle(deployed: Any) -> None:
    found = []
    for key, job in deployed.resources["jobs"].items():
        expected = {name: value for name, value in job.items() if name not in SET_BY_THE_BUNDLE_ALONE}
        settings = deployed.client.jobs.get(int(deployed.id("jobs", key))).settings
        found += [f"{key}{line}" for line in differences(expected, settings.as_dict())]
    assert found == []


def test_the_pipeline_has_the_settings_of_the_bundle(deployed: Any) -> None:
    pipeline = deployed.resources["pipelines"]["payouts"]
    kept = ("catalog", "schema", "configuration", "serverless", "development", "root_path", "event_log", "environment")
    spec = deployed.client.pipelines.get(deployed.id("pipelines", "payouts")).spec
    assert differences({name: pipeline[name] for name in kept if name in pipeline}, spec.as_dict()) == []
