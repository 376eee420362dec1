"""A resource is defined once, in a file of its own, and a target holds values."""

import subprocess

import pytest

TYPES = {
    "schemas": "schema",
    "volumes": "volume",
    "pipelines": "pipeline",
    "jobs": "job",
    "dashboards": "dashboard",
    "alerts": "alert",
}
TARGET_KEYS = {"default", "mode", "workspace", "git", "run_as", "permissions", "presets", "variables"}
PEOPLE_AND_PLACES = {
    "host",
    "group_name",
    "service_principal_name",
    "user_name",
    "notification_destination",
    "service_principal",
}


def definitions(sources):
    """(type, key, file, definition) of each place that defines a resource; an anchor's aliases are the same object."""
    for path, document in sources.items():
        blocks = [document.get("resources", {})]
        blocks += [target.get("resources", {}) for target in document.get("targets", {}).values()]
        seen = set()
        for block in blocks:
            for kind, resources in block.items():
                for key, definition in resources.items():
                    if id(definition) not in seen:
                        seen.add(id(definition))
                        yield kind, key, path, definition


def test_each_resource_is_defined_once_in_a_file_that_has_its_name(sources):
    found = list(definitions(sources))
    assert len(found) == 13
    assert sorted((kind, key) for kind, key, *_ in found) == sorted({(kind, key) for kind, key, *_ in found})
    assert [path for kind, key, path, _ in found if path != f"resources/{key}.{TYPES[kind]}.yml"] == []


def test_a_target_holds_values_and_nothing_else(sources):
    for path, document in sources.items():
        if path.startswith("targets/"):
            [(name, target)] = document["targets"].items()
            assert set(document) == {"targets"} and path == f"targets/{name}.yml"
            assert set(target) <= TARGET_KEYS, f"{path} holds more than values"


def test_only_seed_landing_is_not_everywhere(sources, resolve):
    under_targets = [
        path
        for path, document in sources.items()
        if any("resources" in t for t in document.get("targets", {}).values())
    ]
    assert under_targets == ["resources/seed_landing.job.yml"]
    everywhere = {
        target: {(kind, key) for kind, resources in resolve(target)["resources"].items() for key in resources}
        for target in ("local", "dev", "staging", "prod")
    }
    assert everywhere["local"] == everywhere["dev"] == everywhere["staging"]
    assert everywhere["dev"] - everywhere["prod"] == {("jobs", "seed_landing")}


def test_variables_are_declared_in_one_file_and_each_is_explained(sources):
    assert [path for path, document in sources.items() if "variables" in document] == ["databricks.yml"]
    assert [
        name for name, variable in sources["databricks.yml"]["variables"].items() if not variable.get("description")
    ] == []


def test_dev_names_no_host_group_destination_or_principal(sources):
    def keys(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield key
                yield from keys(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from keys(inner)

    dev = sources["targets/dev.yml"]["targets"]["dev"]
    assert set(keys(dev)).isdisjoint(PEOPLE_AND_PLACES)
    assert set(dev["variables"]) == {"catalog", "warehouse_id"}, (
        "a newcomer sets a catalog and a warehouse, nothing more"
    )
    assert set(dev) == {"default", "mode", "variables"}


def test_the_top_of_the_bundle_names_no_host_or_principal_either(sources):
    assert set(sources["databricks.yml"]) == {"bundle", "include", "variables", "artifacts", "sync"}


@pytest.mark.parametrize("word", ["lakeflow_local", "lakeflow-local"])
def test_the_bundle_does_not_know_what_runs_it_on_a_laptop(root, word):
    found = subprocess.run(
        ["grep", "-rln", word, "resources", "targets"], cwd=root, capture_output=True, text=True, check=False
    )
    assert found.stdout == ""
