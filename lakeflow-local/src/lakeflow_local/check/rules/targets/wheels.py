"""Wheels that a deployment from a plan would not upload."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.planned import planned_targets
from lakeflow_local.check.target import CheckedTarget
from lakeflow_local.check.value import Value

_TEXT = """
bundle:
  name: fleet
artifacts:
  fleet:
    type: whl
    build: python3 -m pip wheel --no-deps --wheel-dir dist .
targets:
  prod:
    mode: production
    run_as:
      service_principal_name: 00000000-0000-0000-0000-000000000000
    workspace:
      root_path: /Workspace/Applications/fleet
sync:
  include:
    - dist/*.whl
resources:
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: load
          spark_python_task:
            python_file: /Workspace/Shared/load.py
          environment_key: default
      environments:
        - environment_key: default
          spec:
            environment_version: "4"
            dependencies:
              - {wheel}
"""
_RELEASE = """
#!/bin/sh
databricks bundle plan -t prod -o json > plan.json
databricks bundle deploy -t prod --plan plan.json
"""
_FILES = {"release.sh": _RELEASE, "dist/fleet-1.0-py3-none-any.whl": "made by the build\n"}


@rule(
    id="wheel-not-in-plan",
    family="targets",
    severity="error",
    basis="measured",
    reason=(
        "`bundle deploy --plan` skips the build, empties artifacts/.internal and uploads no wheel: the tasks of the "
        "target then install one that is not there."
    ),
    fact="https://github.com/databricks/cli/issues/6490",
    fix="Sync the wheel as a file, and name it as ${workspace.file_path}/dist/<wheel> in this target.",
    bad={"databricks.yml": _TEXT.format(wheel="./dist/*.whl  # <--"), **_FILES},
    good={
        "databricks.yml": _TEXT.format(wheel="${workspace.file_path}/dist/fleet-1.0-py3-none-any.whl"),
        **_FILES,
    },
)
def wheel_not_in_plan(target: CheckedTarget) -> Iterator[Found]:
    """A local wheel in a target that the bundle's own scripts or pages deploy from a plan."""
    if target.name not in planned_targets(target):
        return
    for value in _wheels(target):
        text = value.node.value
        if (
            text.endswith(".whl")
            and "${" not in text
            and not text.startswith(("/", "dbfs:", "s3:", "abfss:", "gs:", "http"))
        ):
            yield found(value, f"the wheel {text} is an artifact, and target {target.name} is deployed from a plan")


def _wheels(target: CheckedTarget) -> Iterator[Value]:
    """Every text that may name a wheel: dependencies of environments, and libraries."""
    for job in target.jobs.values():
        for environment in job.value.items("environments"):
            yield from _texts(environment.items("spec", "dependencies"))
        for task in job.all_tasks:
            yield from _texts([one for item in task.value.items("libraries") if (one := item.get("whl")) is not None])
    for pipeline in target.pipelines.values():
        yield from _texts(pipeline.value.items("environment", "dependencies"))


def _texts(values: list[Value]) -> Iterator[Value]:
    return (value for value in values if isinstance(value.node.value, str))
