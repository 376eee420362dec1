"""If/else tasks whose comparison always comes to the same, or can only fail."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.comparisons import comparisons_of
from lakeflow_local.check.semantics.operands import looks_like_reference
from lakeflow_local.check.target import CheckedTarget

_IF_ELSE = "https://docs.databricks.com/aws/en/jobs/if-else"
_JOB = """
bundle:
  name: fleet
resources:
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: count
          notebook_task:
            notebook_path: /Shared/count
        - task_key: enough
          depends_on:
            - task_key: count
          condition_task:
            op: {op}
            left: {left}
            right: {right}
        - task_key: report
          depends_on:
            - task_key: enough
              outcome: "true"
          notebook_task:
            notebook_path: /Shared/report
"""
_VALUE = '"{{tasks.count.values.rows}}"'
_STATE = '"{{tasks.count.result_state}}"'
_GOOD = _JOB.format(op="GREATER_THAN", left=_VALUE, right='"0"')


@rule(
    id="condition-without-reference",
    family="control-flow",
    severity="error",
    basis="documented",
    reason="What does not stand in {{double braces}} is a text: the comparison never looks at the value of that name.",
    fact="https://docs.databricks.com/aws/en/jobs/dynamic-value-references",
    fix='Put it in double braces and in quotes: "{{tasks.<task>.values.<key>}}".',
    bad={"databricks.yml": _JOB.format(op="EQUAL_TO", left="tasks.count.values.rows  # <--", right='"0"')},
    good={"databricks.yml": _GOOD},
)
def condition_without_reference(target: CheckedTarget) -> Iterator[Found]:
    """An operand that was meant as a reference."""
    for one in comparisons_of(target):
        for side in (one.left, one.right):
            if looks_like_reference(side.node.value):
                yield found(side, f"{one.task.key} compares the text {side.node.value!r}, not a value of that name")


@rule(
    id="condition-of-literals",
    family="control-flow",
    severity="warning",
    basis="documented",
    reason="A comparison of two fixed texts comes to the same in every run: one of its branches is never taken.",
    fact=_IF_ELSE,
    fix='Compare a reference, such as "{{job.parameters.<name>}}" or "{{tasks.<task>.values.<key>}}".',
    bad={"databricks.yml": _JOB.format(op="EQUAL_TO", left="rows_found  # <--", right='"true"')},
    good={"databricks.yml": _GOOD},
)
def condition_of_literals(target: CheckedTarget) -> Iterator[Found]:
    """A comparison in which nothing can vary. One with a `${var.…}` in it is a switch that targets set."""
    for one in comparisons_of(target):
        meant = any(looks_like_reference(side.node.value) for side in (one.left, one.right))
        if one.is_literal and not meant and not one.is_switch(target):
            outcome = "can only fail" if one.failure else f"is always {str(one.outcome).lower()}"
            yield found(one.left, f"{one.task.key} compares two fixed texts: it {outcome}")


@rule(
    id="condition-not-a-number",
    family="control-flow",
    severity="error",
    basis="documented",
    reason="The operators <, <=, > and >= compare numbers: with a text that is none, the task fails.",
    fact=_IF_ELSE,
    fix="Compare a number, or use EQUAL_TO or NOT_EQUAL, which compare texts.",
    bad={"databricks.yml": _JOB.format(op="GREATER_THAN", left=_VALUE, right='"none"  # <--')},
    good={"databricks.yml": _GOOD},
)
def condition_not_a_number(target: CheckedTarget) -> Iterator[Found]:
    """An ordering operator over what is no number."""
    for one in comparisons_of(target):
        if one.failure and not one.is_literal and not one.is_switch(target):
            side = one.right if one.operands[one.right.path].is_number is False else one.left
            yield found(side, f"{one.task.key} can only fail: {one.failure}")


@rule(
    id="condition-always-same",
    family="control-flow",
    severity="error",
    basis="documented",
    reason="EQUAL_TO and NOT_EQUAL compare texts, with their case: a text that the value never has is never equal.",
    fact=_IF_ELSE,
    fix="Write one of the texts that the value can have.",
    bad={"databricks.yml": _JOB.format(op="EQUAL_TO", left=_STATE, right="SUCCESS  # <--")},
    good={"databricks.yml": _JOB.format(op="EQUAL_TO", left=_STATE, right="success")},
)
def condition_always_same(target: CheckedTarget) -> Iterator[Found]:
    """A comparison with a text that the other side can never be."""
    for one in comparisons_of(target):
        if one.outcome is None or one.is_literal or one.is_switch(target):
            continue
        open_side, fixed = (one.left, one.right) if one.operands[one.right.path].is_fixed else (one.right, one.left)
        what = one.operands[open_side.path]
        says = (
            f"{what.text} is {what.says}, never {fixed.node.value!r}"
            if one.operands[fixed.path].is_fixed
            else what.says
        )
        yield found(fixed, f"{one.task.key} is always {str(one.outcome).lower()}: {says}")


@rule(
    id="condition-suspect-text",
    family="control-flow",
    severity="warning",
    basis="documented",
    reason="EQUAL_TO compares texts, with case, quotes and blanks; a boolean task value arrives as true or false.",
    fact=_IF_ELSE,
    fix="Write the text as the value has it, for a boolean true or false.",
    bad={"databricks.yml": _JOB.format(op="EQUAL_TO", left=_VALUE, right='"True"  # <--')},
    good={"databricks.yml": _JOB.format(op="EQUAL_TO", left=_VALUE, right='"true"')},
)
def condition_suspect_text(target: CheckedTarget) -> Iterator[Found]:
    """A text that a task value hardly is: True, 'true' with quotes in it, or with blanks around it."""
    for one in comparisons_of(target):
        if one.operator not in ("EQUAL_TO", "NOT_EQUAL") or one.outcome is not None or one.is_literal:
            continue
        for side, other in ((one.left, one.right), (one.right, one.left)):
            text = side.node.value
            operand = one.operands[side.path]
            if not operand.is_fixed or one.operands[other.path].values is not None:
                continue
            if text in ("True", "False", "TRUE", "FALSE") or text != text.strip() or _has_quotes(text):
                yield found(side, f"{one.task.key} compares with the text {text!r}, letter by letter")


@rule(
    id="condition-settings-ignored",
    family="control-flow",
    severity="warning",
    basis="documented",
    reason="An if/else task runs on no compute: it has no retries and no notifications, whatever is written there.",
    fact=_IF_ELSE,
    fix="Take the setting out, or give it to the task whose value is compared.",
    bad={
        "databricks.yml": _GOOD.replace(
            "          condition_task:", "          max_retries: 2  # <--\n          condition_task:"
        )
    },
    good={"databricks.yml": _GOOD},
)
def condition_settings_ignored(target: CheckedTarget) -> Iterator[Found]:
    """Retries and notifications of a task that can have neither."""
    for task in target.tasks():
        if task.value.get("condition_task") is None:
            continue
        for field in ("max_retries", "min_retry_interval_millis", "email_notifications", "webhook_notifications"):
            setting = task.value.get(field)
            if setting is not None and setting.is_written and setting.node.value:
                yield found(setting, f"{field} does nothing on the if/else task {task.key}")


def _has_quotes(text: str) -> bool:
    return len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
