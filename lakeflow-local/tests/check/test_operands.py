"""What comparisons always come to, by the documentation of if/else tasks and dynamic value references."""

import pytest

from lakeflow_local.check.semantics.operands import constant, looks_like_reference, read_operand
from lakeflow_local.jobs.model.conditions import ConditionError

STATE, ROWS, FLAG = "{{tasks.load.result_state}}", "{{tasks.load.values.rows}}", "{{tasks.load.values.flag}}"


def outcome(operator, left, right):
    values = {"flag": ["true", "false"]}
    return constant(operator, *(read_operand(text, lambda _, key: values.get(key)) for text in (left, right)))


@pytest.mark.parametrize(
    ("operator", "left", "right", "expected"),
    [
        ("EQUAL_TO", STATE, "success", None),
        ("EQUAL_TO", STATE, "SUCCESS", False),
        ("NOT_EQUAL", STATE, "Failed", True),
        ("EQUAL_TO", FLAG, "true", None),
        ("EQUAL_TO", FLAG, "True", False),
        ("EQUAL_TO", ROWS, "True", None),  # nobody knows what the code sets
        ("EQUAL_TO", "12.0", "12", False),
        ("GREATER_THAN_OR_EQUAL", "12.0", "12", True),
        ("EQUAL_TO", "{{job.repair_count}}", "0", None),
        ("EQUAL_TO", "{{job.repair_count}}", "0.0", False),
        ("EQUAL_TO", "{{job.trigger.time.is_weekday}}", "yes", False),
        ("EQUAL_TO", "{{job.start_time.iso_weekday}}", "7", None),
        ("EQUAL_TO", "{{job.start_time.iso_weekday}}", "0", False),
        ("LESS_THAN", "{{job.start_time.hour}}", "24", True),
        ("EQUAL_TO", "{{job.start_time.month}}", "01", None),  # no page says whether it is padded
        ("EQUAL_TO", "{{job.parameters.mode}}", "full", None),
        ("EQUAL_TO", "${resources.jobs.other.id}", "1", None),
        ("EQUAL_TO", "run {{job.run_id}}", "run", None),
    ],
)
def test_a_comparison_is_called_constant_only_where_that_is_certain(operator, left, right, expected):
    assert outcome(operator, left, right) is expected


@pytest.mark.parametrize(
    ("left", "right"),
    [(ROWS, "many"), (STATE, "1"), ("{{job.start_time.iso_date}}", "20260101"), (FLAG, "0"), ("{{job.name}}", "5")],
)
def test_an_ordering_of_what_is_no_number_can_only_fail(left, right):
    with pytest.raises(ConditionError):
        outcome("GREATER_THAN", left, right)


@pytest.mark.parametrize("text", ["tasks.load.values.rows", "{job.parameters.mode}", "{input.city}", "job.run_id"])
def test_a_text_that_was_meant_as_a_reference_is_seen(text):
    assert looks_like_reference(text)


@pytest.mark.parametrize("text", ["true", "input", "tasks", "job", STATE, "${var.mode}", "load.values.rows"])
def test_another_text_is_not(text):
    assert not looks_like_reference(text)
