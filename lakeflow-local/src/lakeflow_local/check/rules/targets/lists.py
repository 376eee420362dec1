"""Lists that a target makes longer where it seems to replace them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from lakeflow_local.bundle.tree.nodes import Node
from lakeflow_local.check.finding import Found, Place, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.layers import JoinedList, joined_lists, merged, targets
from lakeflow_local.check.target import CheckedBundle

# Lists that somebody makes longer on purpose: recipients, rights, tags. They are told of only where something is twice.
_OFTEN_MEANT = re.compile(
    r"notifications|permissions|grants|tags|notification_settings|email_recipients|alerts|subscriptions"
)
_JOB = """
bundle:
  name: fleet
resources:
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: load
          spark_python_task:
            python_file: /Workspace/Shared/load.py
            parameters: {base}
          existing_cluster_id: 0000-000000-aaaaaaaa
targets:
  dev:
    default: true
  prod:
    resources:
      jobs:
        nightly:
          tasks:
            - task_key: load
              spark_python_task:
                parameters: {over}
"""


@rule(
    id="list-gets-longer",
    family="targets",
    severity="warning",
    basis="documented",
    reason=(
        "A list of a target is put behind that of the bundle, and replaces nothing: only tasks, job clusters, "
        "parameters of jobs, clusters of pipelines and grants join by their key."
    ),
    fact="https://docs.databricks.com/aws/en/dev-tools/bundles/settings",
    fix="Put what differs into a variable, and let each target give it a value.",
    scope="bundle",
    bad={"databricks.yml": _JOB.format(base="[--days=1]", over="[--days=30]  # <--")},
    good={
        "databricks.yml": _JOB.format(base='["--days=${var.days}"]', over="[]")
        + "variables:\n  days:\n    description: How far back.\n    default: 1\n"
    },
)
def list_gets_longer(bundle: CheckedBundle) -> Iterator[Found]:
    """A list that stands in the bundle and in a target, and does not join by a key."""
    tree = merged(bundle.written)
    for name, target in targets(tree).items():
        for one in joined_lists(tree, target):
            twice = _twice(one)
            if twice is None and _OFTEN_MEANT.search(one.path):
                continue
            place = one.over.key or one.over.location
            what = f": {twice} is then there twice" if twice else ""
            yield found(
                Place(f"targets.{name}.{one.path}", place and place.file, place and place.line),
                f"{one.field} of target {name} is put behind the {len(one.base.value)} that the bundle has{what}",
                targets=(name,),
            )


def _twice(one: JoinedList) -> str | None:
    """What both lists have: the same item, the same key, the same argument."""
    base = {_key(item) for item in one.base.value}
    return next((key for item in one.over.value if (key := _key(item)) in base), None)


def _key(item: Node) -> str:
    if item.is_map:
        for field in ("environment_key", "task_key", "metric", "id", "path", "name"):
            if (value := item.get(field)) is not None and isinstance(value.value, str):
                return value.value
        return json.dumps(item.plain(), sort_keys=True, default=str)
    text = str(item.value)
    match = re.match(r"(--?[\w-]+)(?:[= ]|$)", text)
    return match[1] if match else text
