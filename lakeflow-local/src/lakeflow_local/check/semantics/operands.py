"""What an operand of a condition can be at run time: a fixed text, one of some texts, a number, or anything.

The values of references are those of the documentation page "Dynamic value references"; a boolean task value is
compared as `true` or `false` (documentation: if/else task).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lakeflow_local.jobs.model.conditions import ConditionError, evaluate
from lakeflow_local.jobs.model.references import find

ORDERINGS = ("GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL")
RESULT_STATES = (
    "success",
    "failed",
    "excluded",
    "canceled",
    "evicted",
    "timedout",
    "upstream_canceled",
    "upstream_evicted",
    "upstream_failed",
)
BOOLEANS = ("true", "false")
_WHOLE = re.compile(r"\s*\{\{\s*([^{}]+?)\s*\}\}\s*")
_NUMBERS = {
    ("job", "id"),
    ("job", "run_id"),
    ("job", "repair_count"),
    ("task", "run_id"),
    ("task", "execution_count"),
    ("workspace", "id"),
}
_RANGES = {
    "iso_weekday": (1, 7),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
}
_TEXT_TIMES = ("iso_date", "iso_datetime")
# What somebody meant as a reference, and the platform takes for text. One with a missing brace is another rule's.
_WORDS = (
    r"\s*(?:tasks\.[\w-]+\.(?:values\.[\w-]+|result_state|run_id|output(?:\.[\w-]+)*)"
    r"|job\.(?:parameters\.[\w-]+|run_id|repair_count))\s*"
)
_ALMOST = re.compile(rf"{_WORDS}|\{{{_WORDS}\}}|\{{\s*input(?:\.[\w-]+)*\s*\}}")


@dataclass(frozen=True)
class Operand:
    """What is known of an operand.

    Attributes:
        text: As it is written.
        values: All that it can be, or None where that is open.
        is_number: It is always a number; None where that is open.
        says: What it is, for people.
    """

    text: str
    values: tuple[str, ...] | None = None
    is_number: bool | None = None
    says: str = ""

    @property
    def is_fixed(self) -> bool:
        return self.values is not None and len(self.values) == 1


# (task, key) -> all texts that the task's code gives that value, None where that is open.
TaskValues = Callable[[str, str], Sequence[str] | None]


def read_operand(text: str, task_values: TaskValues | None = None) -> Operand:
    """What an operand can be.

    Args:
        text: As the resolved bundle has it.
        task_values: What the code of the job's tasks sets, if somebody has read it.
    """
    if "${" in text:
        return Operand(text)  # known to the deployment only
    if not any(find(text)) and not _WHOLE.search(text):  # a syntax error in a reference leaves the text as it is
        return Operand(text, (text,), _is_number(text), "a fixed text")
    match = _WHOLE.fullmatch(text)
    paths = list(find(text))
    if match is None or len(paths) != 1:
        return Operand(text)
    match paths[0]:
        case ("tasks", _, "result_state"):
            return Operand(text, RESULT_STATES, False, f"one of {', '.join(RESULT_STATES)}")
        case ("job", "trigger", "time", argument) | ("job", "start_time", argument) | ("backfill", argument):
            return _of_time(text, argument)
        case ("tasks", task, "values", key):
            known = task_values(task, key) if task_values is not None else None
            if known is not None:
                return Operand(text, tuple(known), None, f"set by {task} to {' or '.join(map(repr, known))}")
            return Operand(text)
        case ("job", "name") | ("task", "name") | ("workspace", "url") | ("job", "trigger", "type"):
            return Operand(text, None, False, "a text")
        case path if path in _NUMBERS:
            return Operand(text, None, True, "a whole number")
    return Operand(text)


def looks_like_reference(text: str) -> bool:
    """Whether a text without a reference is what somebody meant as one: `tasks.count.values.rows`, `{input}`."""
    return not any(find(text)) and _ALMOST.fullmatch(text.strip()) is not None


def constant(operator: str, left: Operand, right: Operand) -> bool | None:
    """What a comparison always comes to; None where it may come to either.

    Raises:
        ConditionError: it can only fail, because an ordering operator meets what is no number.
    """
    if operator in ORDERINGS:
        for side in (left, right):
            if side.is_number is False or (side.values and all(_is_number(value) is False for value in side.values)):
                raise ConditionError(f"{side.text} is {side.says or 'no number'}, and {operator} compares numbers")
    elif operator in ("EQUAL_TO", "NOT_EQUAL"):
        for one, other in ((left, right), (right, left)):
            if one.is_number is True and other.is_fixed and not re.fullmatch(r"-?\d+", other.text):
                return operator == "NOT_EQUAL"
    if left.values is None or right.values is None:
        return None
    try:
        outcomes = {evaluate(operator, one, other) for one in left.values for other in right.values}
    except ConditionError:
        return None
    return outcomes.pop() if len(outcomes) == 1 else None


def _of_time(text: str, argument: str) -> Operand:
    if argument == "is_weekday":
        return Operand(text, BOOLEANS, False, "true or false")
    if argument in _RANGES:
        first, last = _RANGES[argument]
        return Operand(text, _spelled(argument, first, last), True, f"a number from {first} to {last}")
    if argument in _TEXT_TIMES:
        return Operand(text, None, False, "a date as text")
    return Operand(text, None, True if argument in ("year", "timestamp_ms") else None)


def _spelled(argument: str, first: int, last: int) -> tuple[str, ...]:
    """With and without a leading zero, as no page says how months to seconds are padded."""
    numbers = range(first, last + 1)
    padded = [f"{one:02d}" for one in numbers if argument != "iso_weekday" and one < 10]
    return (*map(str, numbers), *padded)


def _is_number(text: str) -> bool:
    try:
        evaluate("LESS_THAN", text, "0")
    except ConditionError:
        return False
    return True
