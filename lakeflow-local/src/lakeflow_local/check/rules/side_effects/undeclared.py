"""Tasks whose code acts on the world outside, and that do not say so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.programs.outward_calls import outward_calls
from lakeflow_local.check.programs.program import BundleCode
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.tasks import SIDE_EFFECT, declared_in, is_side_effect, label, started
from lakeflow_local.check.target import CheckedTarget
from lakeflow_local.errors import short_path

_JOB = """
bundle:
  name: fleet
resources:
  jobs:
    payday:
      name: payday
      max_concurrent_runs: 1
      tasks:
        - task_key: pay{mark}
          description: {description}
          spark_python_task:
            python_file: ./pay.py
          environment_key: default
          max_retries: 0
          retry_on_timeout: false
          disable_auto_optimization: true
          timeout_seconds: 600
      environments:
        - environment_key: default
          spec:
            environment_version: "4"
"""
_CODE = """
import requests


def main():
    requests.post("https://bank.example/payments", json={"amount": "10.00"}, timeout=10)


main()
"""


@rule(
    id="undeclared-side-effect",
    family="side-effects",
    severity="warning",
    basis="policy",
    reason=(
        "A retry, a repair or a second run repeats what the code does outside of the tables: a payment, an e-mail, a "
        "ticket. Nobody who sets retries sees that in the YAML."
    ),
    fact="platform facts, Side effects: tasks have no tags, so the description says it",
    fix='Begin the description with "Side effect:" and write the block that keeps it from running twice.',
    drill="retry_until_green",
    bad={"databricks.yml": _JOB.format(mark="  # <--", description="Pays the drivers"), "pay.py": _CODE},
    good={"databricks.yml": _JOB.format(mark="", description='"Side effect: pays the drivers"'), "pay.py": _CODE},
)
def undeclared_side_effect(target: CheckedTarget) -> Iterator[Found]:
    """A task whose own code, or what it imports of the bundle, makes a call that changes something outside."""
    code = BundleCode.of(target)
    for task in target.tasks():
        if is_side_effect(task):
            continue
        calls = [call for entry in code.entries(target, task) for call in outward_calls(code, entry)]
        if calls:
            first = calls[0]
            where = short_path(first.module.file, target.root) + (f":{first.line}" if first.module.has_lines else "")
            yield found(
                task, f"{label(task)} calls {first.says} in {where}, and does not say that it has a side effect"
            )
            continue
        job = target.jobs.get(started(task, "jobs") or "")
        if job is not None and (effects := declared_in(job)):
            yield found(task, f"{label(task)} runs {label(effects[0])}, which has a side effect, and does not say so")


@rule(
    id="side-effect-misspelled",
    family="side-effects",
    severity="warning",
    basis="policy",
    reason=f'Only a description that begins with "{SIDE_EFFECT}", letter by letter, declares a side effect.',
    fact="platform facts, Side effects: tasks have no tags, so the description says it",
    fix=f'Begin the description with "{SIDE_EFFECT}".',
    bad={
        "databricks.yml": _JOB.format(mark="", description='"Side-effect: pays the drivers"  # <--'),
        "pay.py": 'print("nothing")\n',
    },
    good={
        "databricks.yml": _JOB.format(mark="", description='"Side effect: pays the drivers"'),
        "pay.py": 'print("nothing")\n',
    },
)
def side_effect_misspelled(target: CheckedTarget) -> Iterator[Found]:
    """A description that all but declares a side effect."""
    for task in target.tasks():
        text = task.value.text("description")
        if not is_side_effect(task) and re.match(r"\s*side[\s_-]*effects?\s*[:-]", text, re.I):
            place = task.value.get("description") or task
            yield found(
                place, f"the description of {label(task)} begins with {text.strip()[:13]!r}, not {SIDE_EFFECT!r}"
            )
