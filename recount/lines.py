"""From the bytes of a landed file to its rows.

A row is a line, or an element of a line that is a JSON array. A blank line and `[]` make no row.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

DECLARED = {
    "orders": ("order_id", "seller_id", "buyer_country", "currency", "gross_amount", "status", "event_at"),
    "refunds": ("refund_id", "order_id", "currency", "refund_amount", "reason", "refunded_at"),
    "sellers": (
        "seller_id",
        "operation",
        "sequence_number",
        "legal_name",
        "country",
        "payout_currency",
        "payout_account",
        "fee_bps",
        "is_suspended",
        "changed_at",
    ),
}

_LINE_END = re.compile(rb"\r?\n")
_JSON_BLANKS = " \t\n\r"


class _Number(str):
    """A JSON number as its own text, so that 10.005 stays 10.005 and 1e400 stays what it is."""


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_int=_Number, parse_float=_Number, parse_constant=_no_constant)


@dataclass(frozen=True, slots=True)
class Row:
    """One landed row.

    Attributes:
        text: the bytes of the line, or of the element of an array line.
        fields: the landed text of each declared column, or None where the row is not one JSON object.
    """

    text: bytes
    fields: dict[str, str | None] | None


def rows_of(source: str, content: bytes) -> Iterator[Row]:
    """The rows of one file, in the order in which they stand in it."""
    for line in _LINE_END.split(content):
        line = line.removesuffix(b"\r")  # of a last line without a newline
        if line.strip(_JSON_BLANKS.encode()):
            yield from _rows_of_line(source, line)


def _rows_of_line(source: str, line: bytes) -> Iterator[Row]:
    try:
        text = line.decode("utf-8")
        value = _DECODER.decode(text)
        if "\\u" in text:
            _json(value).encode()  # an escape such as \ud800 without its pair is no character of UTF-8
    except (ValueError, RecursionError):  # bad bytes and bad JSON are ValueErrors
        yield Row(line, None)
        return
    if not isinstance(value, list):
        yield Row(line, _landed_fields(source, value))
        return
    for element, element_text in _elements(text):
        yield Row(element_text.encode("utf-8", "surrogatepass"), _landed_fields(source, element))


def _elements(array: str) -> Iterator[tuple[object, str]]:
    """The elements of a JSON array that is known to be well formed, each with its own text."""
    at = array.index("[") + 1
    while True:
        while array[at] in _JSON_BLANKS or array[at] == ",":
            at += 1
        if array[at] == "]":
            return
        value, end = _DECODER.raw_decode(array, at)
        yield value, array[at:end]
        at = end


def _landed_fields(source: str, value: object) -> dict[str, str | None] | None:
    if not isinstance(value, dict):
        return None
    return {column: _landed_text(value.get(column)) for column in DECLARED[source]}


def _landed_text(value: object) -> str | None:
    """What a column of strings holds for a JSON value: the text of a scalar, the JSON of anything nested."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, _Number):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
