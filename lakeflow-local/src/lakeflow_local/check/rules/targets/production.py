"""What a production target should say of itself: mode, place, who runs it, who may see it, from which branch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.programs.environments import PRODUCTION
from lakeflow_local.check.rule import rule
from lakeflow_local.check.target import CheckedTarget
from lakeflow_local.check.value import Value

_HOME = re.compile(r"(?:/Workspace)?/Users/[^/]+@")
_MODES = "https://docs.databricks.com/aws/en/dev-tools/bundles/deployment-modes"
_RUN_AS = "https://docs.databricks.com/aws/en/dev-tools/bundles/run-as"
_PERMISSIONS = "https://docs.databricks.com/aws/en/dev-tools/bundles/permissions"
_RUN_AS_LINES = """
    run_as:
      service_principal_name: 00000000-0000-0000-0000-000000000000"""
_PERMISSION_LINES = """
    permissions:
      - level: CAN_MANAGE
        group_name: fleet"""
_ROOT_LINES = """
    workspace:
      root_path: /Workspace/Applications/fleet"""
_GIT_LINES = """
    git:
      branch: main"""
_TEXT = """
bundle:
  name: fleet
targets:
  prod:{mark}{mode}{run_as}{permissions}{root}{git}
resources:
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: load
          notebook_task:
            notebook_path: /Shared/load
"""


def _example(mark: str = "  # <--", **without: str) -> dict[str, str]:
    parts = {
        "mode": "\n    mode: production",
        "run_as": _RUN_AS_LINES,
        "permissions": _PERMISSION_LINES,
        "root": _ROOT_LINES,
        "git": _GIT_LINES,
    }
    return {"databricks.yml": _TEXT.format(mark=mark, **{**parts, **without})}


_GOOD = _example(mark="")


@rule(
    id="production-without-mode",
    family="targets",
    severity="warning",
    basis="documented",
    reason="Without `mode: production` the CLI checks neither the place nor pipelines left in development.",
    fact=_MODES,
    fix="Write mode: production in the target.",
    bad=_example(mode=""),
    good=_GOOD,
)
def production_without_mode(target: CheckedTarget) -> Iterator[Found]:
    """A target that is called production and has no mode."""
    if not target.mode and target.name.lower() in PRODUCTION:
        yield found(_of_target(target), f"target {target.name} has no mode")


@rule(
    id="production-root-path",
    family="targets",
    severity="warning",
    basis="documented",
    reason="Where the place of a production target depends on who deploys, a second deployer makes a second copy.",
    fact=_MODES,
    fix="Write targets.<target>.workspace.root_path, the same for everybody.",
    bad=_example(root=""),
    good=_GOOD,
)
def production_root_path(target: CheckedTarget) -> Iterator[Found]:
    """A production target whose place is not fixed, or a person's though a service principal runs what lies there.

    Where the CLI itself refuses the place, nothing is added.
    """
    if target.mode != "production" or any(path.startswith("bundle.mode") for path, _ in target.bundle.refused):
        return
    root_path = target.bundle.target_tree.get("workspace", "root_path")
    if root_path is None or not root_path.value:
        yield found(_of_target(target), f"target {target.name} does not set workspace.root_path")
    elif "workspace.current_user" in str(root_path.value) or str(root_path.value).startswith("~"):
        place = target.at(root_path.key or root_path.location, "workspace.root_path")
        yield found(place, f"workspace.root_path of target {target.name} is another one for each deployer")
    elif _HOME.match(str(root_path.value)) and target.config.text("run_as", "service_principal_name"):
        place = target.at(root_path.key or root_path.location, "workspace.root_path")
        yield found(place, f"a service principal runs what lies in a person's home: {root_path.value}")


@rule(
    id="production-run-as",
    family="targets",
    severity="warning",
    basis="policy",
    reason="Without run_as, jobs run as whoever deployed last, and stop when that person leaves.",
    fact=_RUN_AS,
    fix="Write run_as with a service principal in the target.",
    bad=_example(run_as=""),
    good=_GOOD,
)
def production_run_as(target: CheckedTarget) -> Iterator[Found]:
    """A production target whose jobs or pipelines run as the deployer, or as another person."""
    if target.mode != "production":
        return
    if target.config.get("run_as") is not None:
        person = target.config.get("run_as", "user_name")
        if person is not None and "@" in str(person.node.value):
            yield found(person, f"target {target.name} runs its jobs as a person, {person.node.value}")
        return
    runs = [*target.jobs.values(), *target.pipelines.values()]
    if any(one.value.get("run_as") is None for one in runs):
        yield found(_of_target(target), f"target {target.name} says of no principal that it runs the jobs")


@rule(
    id="production-permissions",
    family="targets",
    severity="warning",
    basis="policy",
    reason="Without permissions only the deployer and the administrators see the runs, and nobody else can repair one.",
    fact=_PERMISSIONS,
    fix="Write permissions in the target, for a group that looks after it.",
    bad=_example(permissions=""),
    good=_GOOD,
)
def production_permissions(target: CheckedTarget) -> Iterator[Found]:
    """A production target whose jobs or pipelines nobody is given rights to."""
    if target.mode != "production" or target.config.items("permissions"):
        return
    runs = [*target.jobs.values(), *target.pipelines.values()]
    if any(not one.value.items("permissions") for one in runs):
        yield found(_of_target(target), f"target {target.name} gives nobody but its deployer rights")


@rule(
    id="production-branch",
    family="targets",
    severity="warning",
    basis="policy",
    reason="Without git.branch a deployment of production takes whatever is checked out, reviewed or not.",
    fact=_MODES,
    fix="Write git.branch in the target: the CLI then refuses another branch, unless it is forced.",
    bad=_example(git=""),
    good=_GOOD,
)
def production_branch(target: CheckedTarget) -> Iterator[Found]:
    """A production target that may be deployed from any branch."""
    runs = target.jobs or target.pipelines
    branch = target.bundle.target_tree.get("git", "branch")
    if target.mode == "production" and runs and branch is None and not _has_branch(target):
        yield found(_of_target(target), f"target {target.name} may be deployed from any branch")


@rule(
    id="production-development-pipeline",
    family="targets",
    severity="warning",
    basis="documented",
    reason="A pipeline in development keeps its compute and does not retry: a run fails at the first hiccup.",
    fact=_MODES,
    fix="Take development: true out, or write mode: production, in which the CLI refuses it.",
    bad={
        "databricks.yml": """
bundle:
  name: fleet
targets:
  prod:
    workspace:
      root_path: /Workspace/Applications/fleet
resources:
  pipelines:
    trips:
      name: trips
      serverless: true
      catalog: main
      schema: trips
      development: true  # <--
"""
    },
    good={
        "databricks.yml": """
bundle:
  name: fleet
targets:
  prod:
    mode: production
    workspace:
      root_path: /Workspace/Applications/fleet
resources:
  pipelines:
    trips:
      name: trips
      serverless: true
      catalog: main
      schema: trips
      run_as:
        service_principal_name: 00000000-0000-0000-0000-000000000000
"""
    },
)
def production_development_pipeline(target: CheckedTarget) -> Iterator[Found]:
    """A target that is called production, with a pipeline in development."""
    if target.mode or target.name.lower() not in PRODUCTION:
        return
    for pipeline in target.pipelines.values():
        setting = pipeline.value.get("development")
        if setting is not None and setting.node.value is True:
            yield found(setting, f"{pipeline.key} is in development in target {target.name}")


def _has_branch(target: CheckedTarget) -> bool:
    """Whether a branch is written outside of the target. One that git itself names is no choice."""
    branch = target.config.get("bundle", "git", "branch")
    return branch is not None and branch.is_written


def _of_target(target: CheckedTarget) -> Value:
    """The target's own section, at its name; of several files, in that which says most of the target."""
    sections = [tree.get("targets", target.name) for tree in target.written.trees.values()]
    there = [section for section in sections if section is not None and section.node.is_map]
    if there:
        return max(there, key=lambda section: sum(section.get(key) is not None for key in _OF_TARGET))
    node = target.bundle.target_tree
    mode = target.config.get("bundle", "mode")
    return Value(node, ("targets", target.name), node.key or node.location or (mode.around if mode else None))


_OF_TARGET = ("mode", "default", "workspace", "run_as", "git", "permissions", "presets", "variables")
