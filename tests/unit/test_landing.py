"""Lines as they land, the worst of them too, against Python's own JSON reader."""

import json
import random

import pytest
from pyspark.sql import functions as F

from payouts.rows.landing import landed_rows
from payouts.schemas import ORDERS
from recount.lines import rows_of
from tests.landed import File, bronze

LINES_WITHOUT_ROWS = [b"", b"  \t", b"\r", b"[]", b"[ ]\r", b" [\t] "]

OBJECT_LINES = [
    b'{"order_id":"o1","gross_amount":10.005,"event_at":"2026-01-01T10:00:00Z"}',
    b'{"gross_amount":10.00}',
    b'{"gross_amount":"10.00"}',
    b'{"gross_amount":1e2}',
    b'{"gross_amount":-0.0E+7}',
    b'{"gross_amount":123456789012345678901234567890.123456789012345678901234567890}',
    b'{"gross_amount":' + b"9" * 3_000 + b"}",
    b'{"order_id":7,"status":true,"currency":false,"seller_id":null}',
    b'{"order_id":"","seller_id":" "}',
    b'{"order_id":"first","order_id":"last"}',
    b'{"order_id":"first","order_id":null}',
    b'{"order_id":{"x":1.50,"y":["2",3,{}]},"status":[1e2,"3",null]}',
    b'{"order_id":"{\\"x\\":1.50}","status":"[1.50]"}',
    b'{"order_id":"o1","channel":"web","weight":1.50,"nested":{"x":1.50},"none":null}',
    b'{"channel":1,"channel":"2"}',
    b'{"":"no name","Order_ID":"another case"}',
    b"{}",
    b' \t{ "order_id" : "blanks" , "status" : "x" } \r',
    b'{"order_id":"a\\"b\\\\","status":"12 \\"3"}',
    b'{"order_id":"\\u0000\\u001f\\u007f\\n","status":"\\/\\b\\f"}',
    b'{"order_id":"\\ud83d\\ude00","status":"\\\\ud800"}',
    '{"order_id":"Zoë 😀 \u2028","status":"e\u0301"}'.encode(),
    b'{"order_id":"deep","n":' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"order_id":"' + b"\\n1" * 20_000 + b'"}',
]

ARRAY_LINES = [
    b'[{"order_id":"a1"},{"order_id":"a2","gross_amount":1.10}]',
    b'[{"order_id":"one"}]\r',
    b'[{"order_id":"b1","status":"\\"1\\""}, 5, "x", "{\\"order_id\\":\\"text\\"}", null, [1,"2"], true, -1.50e3]',
    b'[{"order_id":{"x":[1.50,"1.50"]}}]',
    b'[[{"order_id":"inner"}]]',
]

BROKEN_LINES = [
    b'{"order_id":"o1"',
    b'{"order_id":"o1"}}',
    b'{"order_id":"o1"}{"order_id":"o2"}',
    b'{"order_id":"o1"},{"order_id":"o2"}',
    b'{"order_id":"o1"} x',
    b'{"order_id":"o1"},"v":{}',
    b'[{"order_id":"o1"}',
    b'[{"order_id":"o1"}] []',
    b'[{"order_id":"o1"},]',
    b'["a" "b"]',
    b"1],[2",
    b'1},{"v":2',
    b"]",
    b"}",
    b"5",
    b"null",
    b"true",
    b'"text"',
    b"text",
    b"{'order_id':'o1'}",
    b"{order_id:1}",
    b'{"order_id":01}',
    b'{"order_id":+1}',
    b'{"order_id":.5}',
    b'{"order_id":1.}',
    b'{"order_id":NaN}',
    b'{"order_id":-Infinity}',
    b'{"order_id":Infinity}',
    b'{"order_id":"o1",}',
    b'{"order_id":"o1"} // comment',
    b'{"order_id":"tab\there"}',
    b'{"order_id":"\\q"}',
    b'{"order_id":"\\u12"}',
    b'{"order_id":"\\ud800"}',
    b'{"order_id":"\\ude00\\ud83d"}',
    b'{"other":"\\uDBFF"}',
    b'{"order_id":"\x00"}',
    b"\x00",
    b"\x0b",
    b'\xef\xbb\xbf{"order_id":"bom"}',
    '{"order_id":"Zoë"}'.encode("latin-1"),
    b'{"order_id":"\xed\xa0\x80"}',
    b"\xff\xfe{\x00}\x00",
    b'{"order_id":"o1"}\xff',
]


def fields(line: bytes) -> list[dict | None]:
    return [row.fields for row in rows_of("orders", line)]


def landed(spark, lines: list[bytes]) -> list[list[dict | None]]:
    """Per line the landed columns of its rows, None where a row is not one JSON object."""
    found = [[] for _ in lines]
    table = bronze(spark, ORDERS, *[File([line], path=str(number)) for number, line in enumerate(lines)])
    for row in table.collect():
        columns = {name: row[name] for name in ORDERS.columns}
        assert row._corrupt_record is None or set(columns.values()) == {None}
        found[int(row._file_path)].append(columns if row._corrupt_record is None else None)
    return found


def test_every_line_makes_the_rows_and_texts_that_an_independent_reader_finds(spark):
    lines = LINES_WITHOUT_ROWS + OBJECT_LINES + ARRAY_LINES + BROKEN_LINES
    assert dict(zip(lines, landed(spark, lines), strict=True)) == {line: fields(line) for line in lines}


def test_lines_broken_at_random_make_the_rows_that_an_independent_reader_finds(spark):
    random.seed(20260103)
    seeds = [line for line in OBJECT_LINES + ARRAY_LINES if 0 < len(line) < 200]
    lines = [_mutated(random.choice(seeds)) for _ in range(3_000)]
    unequal = [
        (line, got, fields(line)) for line, got in zip(lines, landed(spark, lines), strict=True) if got != fields(line)
    ]
    assert unequal == []


def _mutated(line: bytes) -> bytes:
    """Cuts, doubles or replaces a few bytes, with those that mean something in JSON more often than others."""
    changed = bytearray(line)
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(changed) + 1)
        piece = random.choice(
            [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"0", b"-", b".", b"e", b" ", b"\xc3", b"u", b""]
        )
        changed[at : at + random.randint(0, 2)] = piece
    return bytes(changed).replace(b"\n", b"")


def test_no_broken_line_and_no_blank_line_is_a_json_object():
    assert [fields(line) for line in BROKEN_LINES] == [[None]] * len(BROKEN_LINES)
    assert [fields(line) for line in LINES_WITHOUT_ROWS] == [[]] * len(LINES_WITHOUT_ROWS)


def test_a_corrupt_record_holds_the_text_of_its_line_or_element_and_no_two_lines_look_alike(spark):
    lines = [
        b'{"order_id":"o1" \r',
        b'{"order_id":"\xfc"}',
        b'{"order_id":"\xfd"}\r',
        b'[5, "x", null, [1.50, "2"]]',
    ]
    rows = bronze(spark, ORDERS, File(lines)).select("_corrupt_record").collect()
    assert [row[0] for row in rows] == [
        '{"order_id":"o1" ',
        '{"order_id":"ü"}',
        '{"order_id":"ý"}',
        "5",
        '"x"',
        "null",
        '[1.50,"2"]',
    ]


def test_unknown_columns_are_kept_with_their_text(spark):
    lines = [
        {"order_id": "o1"},
        b'{"order_id":"o1","weight":1.50,"tags":["a",2.0],"none":null,"said":"\\"1\\""}',
        b'{"channel":1,"channel":"2"}',
        b'{"Order_ID":"x"}',
        b"{",
    ]
    rows = bronze(spark, ORDERS, File(lines)).select("_rescued_data").collect()
    rescued = [row[0] and json.loads(row[0]) for row in rows]
    first = {"weight": "1.50", "tags": '["a",2.0]', "none": None, "said": '"1"'}
    assert rescued == [None, first, {"channel": "2"}, {"Order_ID": "x"}, None]


def test_every_row_knows_where_it_came_from(spark):
    raw = spark.sql(
        "SELECT '{}' AS value, 'f.json' AS _file_path, TIMESTAMP '2026-01-03T00:00:00Z' AS _file_modified_at"
    )
    rows = landed_rows(raw.unionAll(raw), ORDERS)
    provenance = rows.select("_file_path", F.unix_seconds("_file_modified_at"), F.col("_ingested_at").isNotNull())
    assert [tuple(row) for row in provenance.collect()] == [("f.json", 1767398400, True)] * 2
    assert len({row._row_id for row in rows.select("_row_id").collect()}) == 2


@pytest.mark.parametrize("megabytes", [1, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.exhaustive])])
def test_a_line_of_many_megabytes_is_read(spark, megabytes):
    note, number = f"repeat('x', {megabytes - 1}000000)", "repeat('7', 1000000)"
    line = f"""concat('{{"order_id":"big","note":"', {note}, '","number":', {number}, ',"status":"placed"}}')"""
    raw = spark.sql(f"SELECT {line} AS value, 'f' AS _file_path, TIMESTAMP '2026-01-03T00:00:00Z' AS _file_modified_at")
    row = landed_rows(raw, ORDERS).select("order_id", "status", F.length("_rescued_data").alias("kept")).first()
    assert (row.order_id, row.status) == ("big", "placed")
    assert row.kept == megabytes * 1_000_000 + len('{"note":"","number":""}')
