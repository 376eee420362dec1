"""The comparison of an if/else task."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

OPERATORS = (
    "EQUAL_TO",
    "NOT_EQUAL",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUAL",
    "LESS_THAN",
    "LESS_THAN_OR_EQUAL",
)


class ConditionError(Exception):
    """An operand that cannot be compared with the operator."""


def evaluate(operator: str, left: str, right: str) -> bool:
    """Compare two operands after their references have been resolved.

    EQUAL_TO and NOT_EQUAL compare strings ("12.0" is not "12"); the four others compare numbers
    (documentation: if/else task).

    Raises:
        ConditionError: an ordering operator over something that is not a number.
    """
    if operator == "EQUAL_TO":
        return left == right
    if operator == "NOT_EQUAL":
        return left != right
    first, second = _number(left), _number(right)
    match operator:
        case "GREATER_THAN":
            return first > second
        case "GREATER_THAN_OR_EQUAL":
            return first >= second
        case "LESS_THAN":
            return first < second
        case "LESS_THAN_OR_EQUAL":
            return first <= second
    raise ConditionError(f"unknown operator {operator!r}; known: {', '.join(OPERATORS)}")


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise ConditionError(f"{text!r} is not a number, and this operator compares numbers") from None
    if number.is_nan():
        raise ConditionError(f"{text!r} is not a number, and this operator compares numbers")
    return number
