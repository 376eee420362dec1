"""Values that one target lacks, or has from another one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lakeflow_local.bundle.tree.nodes import Node
from lakeflow_local.check.finding import Found, Place, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.layers import declared_variables, merged, targets, variables_set, variables_used
from lakeflow_local.check.semantics.planned import is_given_outside
from lakeflow_local.check.target import CheckedBundle, CheckedTarget

_VARIABLES = "https://docs.databricks.com/aws/en/dev-tools/bundles/variables"
_LOOKUPS = "https://docs.databricks.com/aws/en/dev-tools/bundles/variables#retrieve-an-objects-id-value"
_JOB = """
resources:
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: load
          notebook_task:
            notebook_path: /Shared/load
            base_parameters:
              catalog: ${var.catalog}
"""
_TWO = """
bundle:
  name: fleet
variables:
  catalog:
    description: Where the tables are.
targets:
  dev:
    default: true
    variables:
      catalog: fleet_dev
  staging:{mark}
    workspace:
      root_path: /Workspace/Applications/fleet/staging
{more}"""


@rule(
    id="value-missing-in-target",
    family="targets",
    severity="warning",
    basis="documented",
    reason="A variable without a value stops the deployment of its target, and of no other: it is noticed late.",
    fact=_VARIABLES,
    fix="Give it a value in that target too, or a default where it is declared.",
    scope="bundle",
    bad={"databricks.yml": _TWO.format(mark="  # <--", more="") + _JOB},
    good={"databricks.yml": _TWO.format(mark="", more="    variables:\n      catalog: fleet_staging\n") + _JOB},
)
def value_missing_in_target(bundle: CheckedBundle) -> Iterator[Found]:
    """A variable that other targets give a value, and this one not; what nobody gives may come from outside."""
    given = {name: variables_set(node) for name, node in targets(merged(bundle.written)).items()}
    for name, target in bundle.targets.items():
        missing = {
            variable: [other for other, names in given.items() if other != name and variable in names]
            for variable in sorted(target.bundle.unset)
        }
        # Where another variable can only come from outside, whoever deploys gives values there anyway.
        for variable, others in missing.items() if all(missing.values()) else ():
            if not is_given_outside(target, variable):
                message = f"target {name} gives {variable} no value, as {' and '.join(others)} {_verb(others)}"
                yield found(_of_target(target), message, targets=(name,))


_RELEASES = """
bundle:
  name: fleet
variables:
  catalog:
    description: Where the tables are.
  gateway:
    description: Who pays.
    default: file
  limit:
    description: The most that is paid.
    default: 10
  readers:
    description: Who may read.
    default: users
targets:
  staging:
    mode: production
    run_as: &principal
      service_principal_name: 00000000-0000-0000-0000-000000000000
    workspace:
      root_path: /Workspace/Applications/fleet/staging
    variables:
      catalog: fleet_staging
      gateway: https://sandbox.bank.example
      limit: 100
      readers: testers
  prod:
    mode: production
    run_as: *principal
    workspace:
      root_path: /Workspace/Applications/fleet/prod
    variables:{mark}
      catalog: fleet
{gateway}      limit: 100
      readers: drivers
"""


@rule(
    id="value-left-to-default",
    family="targets",
    severity="warning",
    basis="policy",
    reason="Two production targets set the same variables but one: there the default counts, made for a copy.",
    fact=_VARIABLES,
    fix="Give it a value in this target too, even if it is the same as the default.",
    scope="bundle",
    bad={"databricks.yml": _RELEASES.format(mark="  # <--", gateway="") + _JOB},
    good={"databricks.yml": _RELEASES.format(mark="", gateway="      gateway: https://bank.example\n") + _JOB},
)
def value_left_to_default(bundle: CheckedBundle) -> Iterator[Found]:
    """A variable that one of two production targets leaves to its default, where they set all others alike."""
    tree = merged(bundle.written)
    given = {
        name: node
        for name, node in targets(tree).items()
        if (mode := node.get("mode")) is not None and mode.value == "production"
    }
    told: set[tuple[str, str]] = set()
    for name, node in given.items():
        own = set(variables_set(node))
        for other, other_node in given.items():
            theirs = set(variables_set(other_node))
            missing = theirs - own
            if len(missing) != 1 or own - theirs or len(own & theirs) < 3:
                continue
            (variable,) = missing
            target = bundle.targets.get(name)
            if (name, variable) in told or (target is not None and variable in target.bundle.unset):
                continue
            told.add((name, variable))
            section = node.get("variables") or node
            message = f"target {name} leaves {variable} to its default, and {other} does not"
            yield found(_place(section, f"targets.{name}.variables"), message, targets=(name,))


@rule(
    id="value-of-another-target",
    family="targets",
    severity="warning",
    basis="policy",
    reason="The value names another target: what runs here reads or writes there.",
    fact=_VARIABLES,
    fix="Write the value of this target.",
    drill="environment_in_code",
    scope="bundle",
    bad={
        "databricks.yml": _TWO.format(mark="", more="    variables:\n      catalog: fleet_dev  # <--\n") + _JOB,
    },
    good={"databricks.yml": _TWO.format(mark="", more="    variables:\n      catalog: fleet_staging\n") + _JOB},
)
def value_of_another_target(bundle: CheckedBundle) -> Iterator[Found]:
    """A value that a target writes exactly as another one does, in which it is the other's name that stands."""
    sections = {name: _own_values(node) for name, node in targets(merged(bundle.written)).items()}
    for name, own in sections.items():
        for other, theirs in sections.items():
            if name == other or other.lower() in _words(name):
                continue  # pre-dev may share what dev has
            for path, node in own.items():
                text = node.value
                same = theirs.get(path)
                if not isinstance(text, str) or same is None or same.value != text or "${" in text:
                    continue
                words = _words(text)
                if other.lower() in words and name.lower() not in words and other.lower() not in _words(path):
                    message = f"{path} of target {name} is the value of {other}"
                    yield found(_place(node, f"targets.{name}.{path}"), message, targets=(name,))


@rule(
    id="lookup-not-needed",
    family="targets",
    severity="warning",
    basis="documented",
    reason=(
        "The CLI looks up every variable with a lookup, used or not: where the workspace does not have the object, the "
        "deployment fails."
    ),
    fact=_LOOKUPS,
    fix="Move the lookup to the targets that use the variable, and give it a plain default.",
    bad={
        "databricks.yml": """
bundle:
  name: fleet
variables:
  oncall:
    description: Whom production tells.
    lookup:  # <--
      notification_destination: fleet-oncall
targets:
  dev:
    default: true
"""
    },
    good={
        "databricks.yml": """
bundle:
  name: fleet
variables:
  oncall:
    description: Whom production tells.
    default: ""
targets:
  dev:
    default: true
"""
    },
)
def lookup_not_needed(target: CheckedTarget) -> Iterator[Found]:
    """A lookup of a variable to which nothing in this target refers."""
    if target.has_unread_python:
        return
    tree = merged(target.written)
    used = variables_used(tree, target.bundle.target_tree)
    for name, value in target.config.entries("variables"):
        lookup = value.get("lookup")
        if lookup is not None and name not in used and name in declared_variables(tree):
            yield found(lookup, f"{name} is looked up in every target, and not every one of them uses it")


def _own_values(node: Node) -> dict[str, Node]:
    """What a target says of itself: its variables, and its place."""
    found_here = {f"variables.{name}": value for name, value in variables_set(node).items()}
    for name in ("root_path", "state_path", "file_path", "artifact_path", "resource_path"):
        if (value := node.get("workspace", name)) is not None:
            found_here[f"workspace.{name}"] = value
    flat: dict[str, Node] = {}
    for path, value in found_here.items():
        default = value.get("default") if value.is_map else None
        flat[path] = default if default is not None else value
    return flat


def _words(text: str) -> set[str]:
    return {word for word in re.split(r"[^a-z0-9]+", text.lower()) if word}


def _place(node: Node, path: str) -> Place:
    place = node.key or node.location
    return Place(path, place and place.file, place and place.line)


def _of_target(target: CheckedTarget) -> Place:
    return _place(target.bundle.target_tree, f"targets.{target.name}")


def _verb(names: list[str]) -> str:
    return "does" if len(names) == 1 else "do"
