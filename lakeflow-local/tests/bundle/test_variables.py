"""Where variables get their values, how references are replaced, and what is refused."""

from __future__ import annotations

import json
import os

import pytest

from lakeflow_local.bundle import Workspace
from lakeflow_local.errors import BundleError, ChoiceError

BUNDLE = """
    bundle: {name: trips}
    variables:
      city:
        description: Where the taxis drive.
        default: berlin
      zones:
        type: complex
        default:
          inner: [mitte, "${var.city}-west"]
          limit: 3
    targets:
      dev:
        default: true
      prod:
        variables: {city: hamburg}
    resources:
      jobs:
        nightly:
          name: ${var.city} ${bundle.target}
          max_concurrent_runs: ${var.zones.limit}
          tags:
            zone: ${var.zones.inner[1]}
"""


def name_of(bundle) -> str:
    return bundle.resources["jobs"]["nightly"]["name"]


@pytest.fixture(autouse=True)
def no_bundle_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("BUNDLE_VAR_")]:
        monkeypatch.delenv(name)


def test_the_first_source_that_has_a_value_wins(load_files, monkeypatch: pytest.MonkeyPatch) -> None:
    assert name_of(load_files(BUNDLE)) == "berlin dev"
    assert name_of(load_files(BUNDLE, "prod")) == "hamburg prod"
    overrides = {".databricks/bundle/prod/variable-overrides.json": '{"city": "kiel"}'}
    assert name_of(load_files(BUNDLE, "prod", overrides)) == "kiel prod"
    monkeypatch.setenv("BUNDLE_VAR_city", "ulm")
    assert name_of(load_files(BUNDLE, "prod", overrides)) == "ulm prod"
    assert name_of(load_files(BUNDLE, "prod", overrides, variables={"city": "bonn"})) == "bonn prod"


def test_a_complex_variable_keeps_its_types_and_can_be_taken_apart(load_files) -> None:
    bundle = load_files(BUNDLE)
    assert bundle.variables["zones"] == {"inner": ["mitte", "berlin-west"], "limit": 3}
    assert bundle.resources["jobs"]["nightly"]["max_concurrent_runs"] == 3
    assert bundle.resources["jobs"]["nightly"]["tags"] == {"zone": "berlin-west"}
    assert bundle.config["variables"]["city"] == {
        "default": "berlin",
        "description": "Where the taxis drive.",
        "value": "berlin",
    }


def test_a_reference_inside_a_reference_is_replaced_from_the_inside(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        variables:
          host_dev: {default: here}
          host_prod: {default: there}
          host: {default: "${var.host_${bundle.target}}"}
        targets: {dev: {}, prod: {default: true}}
        """
    )
    assert bundle.variables["host"] == "there"


def test_what_the_schema_knows_and_nobody_set_is_empty(load_files) -> None:
    bundle = load_files("bundle: {name: t}\nvariables: {origin: {default: 'from ${bundle.git.origin_url}!'}}\n")
    assert bundle.variables["origin"] == "from !"


def test_references_to_resources_stay_as_they_are_written(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        resources:
          schemas: {raw: {name: raw, catalog_name: main}}
          pipelines: {trips: {name: "p ${bundle.name}", schema: "${resources.schemas.raw.name}"}}
        """
    )
    assert bundle.resources["pipelines"]["trips"]["schema"] == "${resources.schemas.raw.name}"
    assert bundle.resources["pipelines"]["trips"]["name"] == "p t"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("variables: {city: {}}", "databricks.yml:2: variable city has no value: give it a default"),
        ("presets: {name_prefix: '${var.citty}'}", "databricks.yml:2: variable citty is not declared (declared: none)"),
        ("presets: {name_prefix: '${bundle.nam}'}", "databricks.yml:2: reference does not exist: ${bundle.nam}"),
        (
            "variables: {a: {default: '${var.b}'}, b: {default: '${var.a}'}}",
            "databricks.yml:2: references go round in a circle: var.b -> var.a -> var.b",
        ),
        (
            "variables: {a: {type: complex, default: [1]}}\npresets: {name_prefix: 'x${var.a}'}",
            "databricks.yml:3: ${var.a} is a sequence and cannot be put into a text",
        ),
        (
            "targets: {dev: {variables: {city: ulm}}}",
            "databricks.yml:2: variable city is not declared but is given a value (declared: none)",
        ),
        (
            "resources: {jobs: {a: {name: '${resources.jobs.b.name}'}}}",
            "databricks.yml:2: ${resources.jobs.b.name}: there is no jobs.b (there are: a)",
        ),
        (
            "resources: {jobs: {a: {name: '${resources.jobs.b.id}'}, b: {name: '${resources.jobs.a.id}'}}}",
            "databricks.yml:2: references go round in a circle: jobs.a -> jobs.b -> jobs.a",
        ),
        (
            "variables: {w: {lookup: {warehouse: a, cluster: b}}}",
            "databricks.yml:2: a lookup names exactly one kind of object",
        ),
        (
            "variables: {w: {lookup: {warehouse: '${var.v}'}}, v: {lookup: {job: x}}}",
            "databricks.yml:2: a lookup cannot depend on a variable that is looked up itself",
        ),
    ],
)
def test_a_mistake_with_variables_is_one_line_with_its_place(load_files, lines: str, message: str) -> None:
    with pytest.raises(BundleError) as caught:
        load_files(f"bundle: {{name: t}}\n{lines}\n")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_value_from_outside_needs_a_declared_plain_variable(load_files, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ChoiceError, match=r"variable town is not declared \(declared: city, zones\)"):
        load_files(BUNDLE, variables={"town": "x"})
    with pytest.raises(ChoiceError, match="zones is complex"):
        load_files(BUNDLE, variables={"zones": "x"})
    monkeypatch.setenv("BUNDLE_VAR_zones", "x")
    with pytest.raises(BundleError, match="cannot be set by BUNDLE_VAR_zones"):
        load_files(BUNDLE)


def test_an_override_of_the_wrong_kind_points_at_the_override(load_files) -> None:
    path = ".databricks/bundle/dev/variable-overrides.json"
    with pytest.raises(BundleError, match=f"^{path}:2: variable city is not complex"):
        load_files(BUNDLE, files={path: '{\n "city": [1]}'})
    with pytest.raises(BundleError, match=f"^{path}:1: must be a JSON object"):
        load_files(BUNDLE, files={path: "[]"})


LOOKUPS = """
    bundle: {name: t}
    variables:
      warehouse: {lookup: {warehouse: "${var.size} one"}}
      oncall: {lookup: {notification_destination: night shift}}
      size: {default: small}
    targets:
      dev: {default: true}
      fixed: {variables: {warehouse: abc}}
"""


def test_a_lookup_without_workspace_is_a_name_that_nobody_takes_for_an_id(load_files) -> None:
    bundle = load_files(LOOKUPS)
    assert bundle.variables["warehouse"] == "warehouse:small one"
    assert bundle.lookups == {
        "warehouse": "warehouse:small one",
        "oncall": "notification_destination:night shift",
    }


def test_a_lookup_is_answered_from_the_settings_of_the_bundle(load_files) -> None:
    settings = {"pyproject.toml": '[tool.lakeflow-local.lookups]\nwarehouse = {"small one" = "0123"}\n'}
    assert load_files(LOOKUPS, files=settings, workspace=None).variables["warehouse"] == "0123"
    given = Workspace(lookups={"warehouse": {"small one": "4567"}})
    assert load_files(LOOKUPS, files=settings, workspace=given).variables["warehouse"] == "4567"


def test_a_value_from_the_target_or_the_caller_takes_the_place_of_a_lookup(load_files) -> None:
    assert load_files(LOOKUPS, "fixed").variables["warehouse"] == "abc"
    given = load_files(LOOKUPS, variables={"warehouse": "xyz"})
    assert given.variables["warehouse"] == "xyz"
    assert "warehouse" not in given.lookups


def test_a_broken_pyproject_is_one_line(load_files) -> None:
    with pytest.raises(BundleError, match=r"^pyproject.toml: not TOML: "):
        load_files(LOOKUPS, files={"pyproject.toml": "[tool"}, workspace=None)


def test_resolve_replaces_all_references_also_those_to_resources(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        variables:
          path: {default: "/Volumes/main/${resources.schemas.raw.name}"}
        targets: {dev: {mode: development}}
        resources:
          schemas: {raw: {name: raw, catalog_name: main}}
          volumes: {landing: {name: landing, catalog_name: main, schema_name: "${resources.schemas.raw.name}"}}
          jobs:
            inner: {name: inner}
            outer: {tasks: [{task_key: a, run_job_task: {job_id: "${resources.jobs.inner.id}"}}]}
        """
    )
    assert bundle.resolve("x ${var.path} ${bundle.target}") == "x /Volumes/main/dev_ada_raw dev"
    assert bundle.resolve(["${resources.schemas.raw.id}", 1, None]) == ["main.dev_ada_raw", 1, None]
    assert bundle.resolve("${resources.volumes.landing.volume_path}") == "/Volumes/main/dev_ada_raw/landing"
    assert bundle.resource("jobs", "outer")["tasks"][0]["run_job_task"] == {"job_id": "inner"}
    with pytest.raises(BundleError, match=r"there is no jobs.middle \(there are: inner, outer\)"):
        bundle.resource("jobs", "middle")
    with pytest.raises(BundleError, match="reference does not exist"):
        bundle.resolve("${resources.jobs.inner.nothing}")


def test_the_printed_bundle_is_json(load_files) -> None:
    assert json.loads(json.dumps(load_files(BUNDLE).config))["bundle"]["target"] == "dev"
