"""For-each tasks: what the platform refuses at deployment, and `validate` lets through."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.tasks import number
from lakeflow_local.check.target import CheckedTarget

_FOR_EACH_DOCS = "https://docs.databricks.com/aws/en/jobs/for-each"
_MOST_AT_ONCE = 100
_MOST_CHARACTERS = 5000

_LOOP = """
bundle:
  name: fleet
resources:
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: load_all
          for_each_task:
            inputs: {inputs}
            concurrency: {concurrency}
            task:
              task_key: load_one
              notebook_task:
                notebook_path: /Shared/load
"""
_GOOD_LOOP = _LOOP.format(inputs='\'["rides", "stops"]\'', concurrency=2)


@rule(
    id="for-each-parent-retries",
    family="control-flow",
    severity="error",
    basis="measured",
    reason="A for-each task has no retries of its own: `validate` accepts them, and the deployment is refused.",
    fact="https://github.com/databricks/cli/issues/3977",
    fix="Move the setting to the nested task, under for_each_task.task.",
    bad={
        "databricks.yml": _GOOD_LOOP.replace(
            "          for_each_task:", "          max_retries: 3  # <--\n          for_each_task:"
        )
    },
    good={"databricks.yml": _GOOD_LOOP + "              max_retries: 3\n"},
)
def for_each_parent_retries(target: CheckedTarget) -> Iterator[Found]:
    """Retry settings on the task that loops."""
    for task in target.tasks():
        if task.value.get("for_each_task") is None:
            continue
        for field in ("max_retries", "min_retry_interval_millis", "retry_on_timeout"):
            setting = task.value.get(field)
            if setting is not None and setting.is_written:
                message = f"{field} stands on the for-each task {task.key}, not on the task that it runs"
                # Of a 0 or false it is not known whether it is refused; it changes nothing in any case.
                severity = None if field == "max_retries" and setting.node.value else "warning"
                yield found(setting, message, severity=severity)


@rule(
    id="nested-for-each",
    family="control-flow",
    severity="error",
    basis="documented",
    reason="A for-each task cannot be the nested task of another one: the Jobs API refuses the job.",
    fact=_FOR_EACH_DOCS,
    fix="Make one list of all combinations in a task before, or run a job with a loop of its own by run_job_task.",
    bad={
        "databricks.yml": """
bundle:
  name: fleet
resources:
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: load_all
          for_each_task:
            inputs: "[1, 2]"
            task:
              task_key: load_some
              for_each_task:  # <--
                inputs: "[3, 4]"
                task:
                  task_key: load_one
                  notebook_task:
                    notebook_path: /Shared/load
"""
    },
    good={"databricks.yml": _GOOD_LOOP},
)
def nested_for_each(target: CheckedTarget) -> Iterator[Found]:
    """A loop in a loop."""
    for task in target.tasks():
        inner = task.value.get("for_each_task")
        if inner is not None and task.loop is not None:
            yield found(inner, f"{task.key} loops inside the loop of {task.loop.key}")


@rule(
    id="for-each-concurrency",
    family="control-flow",
    severity="error",
    basis="documented",
    reason=f"A for-each task runs at most {_MOST_AT_ONCE} iterations at a time: the Jobs API refuses more.",
    fact=_FOR_EACH_DOCS,
    fix=f"Write a number of iterations from 1 to {_MOST_AT_ONCE}.",
    bad={"databricks.yml": _LOOP.format(inputs='"[1, 2]"', concurrency="250  # <--")},
    good={"databricks.yml": _GOOD_LOOP},
)
def for_each_concurrency(target: CheckedTarget) -> Iterator[Found]:
    """More iterations at a time than there can be."""
    for task in target.tasks():
        at_once = number(task.value, "for_each_task", "concurrency")
        setting = task.value.get("for_each_task", "concurrency")
        if setting is not None and at_once is not None and (at_once > _MOST_AT_ONCE or at_once < 0):
            yield found(setting, f"{task.key} cannot run {at_once} iterations at a time")


@rule(
    id="for-each-inputs",
    family="control-flow",
    severity="error",
    basis="documented",
    reason="The inputs of a for-each task are a JSON list, a reference to one, or a job parameter that holds one.",
    fact=_FOR_EACH_DOCS,
    fix="Write a JSON list in quotes, or a reference such as {{tasks.<task>.values.<key>}}.",
    bad={"databricks.yml": _LOOP.format(inputs="tasks.list.values.tables  # <--", concurrency=2)},
    good={"databricks.yml": _GOOD_LOOP},
)
def for_each_inputs(target: CheckedTarget) -> Iterator[Found]:
    """Inputs that are no list."""
    for task in target.tasks():
        inputs = task.value.get("for_each_task", "inputs")
        text = inputs.node.text() if inputs is not None else None
        if inputs is None or text is None or "{{" in text or "${" in text:
            continue
        try:
            is_list = isinstance(json.loads(text), list)
        except ValueError:
            is_list = False
        if not is_list:
            yield found(inputs, f"the inputs of {task.key} are no JSON list")
        elif len(text) > _MOST_CHARACTERS:
            message = f"the inputs of {task.key} have {len(text):,} characters; {_MOST_CHARACTERS:,} are the most"
            yield found(inputs, message, fix="Set the list as a task value in a task before, which may be 48 KB long.")
