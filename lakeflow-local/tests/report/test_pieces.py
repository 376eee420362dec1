"""The pieces of a page: where tasks are drawn, what becomes of secrets and long logs, which rows are read."""

import json

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeflow_local.errors import UserError
from lakeflow_local.jobs.tasks.base import Logs
from lakeflow_local.report.graph import HEIGHT, WIDTH, draw
from lakeflow_local.report.logs import log_text
from lakeflow_local.report.quarantine import samples
from lakeflow_local.report.redaction import Redactor, read_redactor
from lakeflow_local.report.words import length


@st.composite
def graphs(pick):
    size = pick(st.integers(1, 14))
    return {
        f"t{number}": [(f"t{parent}", "") for parent in pick(st.sets(st.integers(0, number - 1), max_size=4))]
        if number
        else []
        for number in range(size)
    }


@given(graphs())
def test_tasks_stand_below_their_parents_and_on_nobody(parents):
    drawing = draw(parents)
    for child, edges in parents.items():
        for parent, _ in edges:
            assert drawing.nodes[parent][1] + HEIGHT < drawing.nodes[child][1]
    places = list(drawing.nodes.values())
    for index, (x, y) in enumerate(places):
        assert 0 <= x <= drawing.width - WIDTH
        assert 0 <= y <= drawing.height - HEIGHT
        assert not any(abs(x - to_x) < WIDTH and abs(y - to_y) < HEIGHT for to_x, to_y in places[:index])
    assert len(drawing.edges) == sum(len(edges) for edges in parents.values())


def test_a_fan_is_three_tasks_wide():
    parents = {"start": [], **{f"t{number}": [("start", "")] for number in range(7)}}
    rows = [y for name, (_, y) in draw(parents).nodes.items() if name != "start"]
    assert max(rows.count(row) for row in rows) == 3
    assert len(set(rows)) == 3


def test_a_thousand_tasks_are_drawn():
    parents = {"start": [], **{f"t{number}": [("start", "")] for number in range(999)}}
    assert len(draw(parents).nodes) == 1000


def test_a_secret_is_replaced_in_text_json_and_urls():
    redact = Redactor({'a"b c/d'})
    assert redact(['x a"b c/d y', {"k": json.dumps('a"b c/d')}, "?t=a%22b%20c%2Fd"]) == [
        "x [REDACTED] y",
        {"k": '"[REDACTED]"'},
        "?t=[REDACTED]",
    ]


def test_each_line_of_a_secret_is_a_secret():
    assert Redactor({"BEGIN\nMIIEvQ\nEND-KEY"})("the key is MIIEvQ") == "the key is [REDACTED]"


def test_a_secret_within_a_longer_one_leaves_no_rest():
    assert Redactor({"abcd", "abcd-efgh"})("abcd-efgh abcd") == "[REDACTED] [REDACTED]"


def test_a_secret_too_short_to_be_told_from_other_text_stays():
    assert Redactor({"abc"})("abcdef") == "abcdef"


def test_no_page_is_made_when_the_secrets_cannot_be_read(tmp_path):
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(UserError, match="not readable as"):
        read_redactor(tmp_path / "secrets.json")


def test_a_log_is_standard_output_then_standard_error_without_terminal_codes(tmp_path):
    (tmp_path / "attempt-0.stdout.log").write_text("\x1b[32mgreen\x1b[0m\r\n10 %\r20 %\x07\n")
    (tmp_path / "attempt-0.stderr.log").write_text("oh\n")
    assert log_text(Logs(tmp_path, "attempt-0")) == "green\n10 %\n20 %\noh"
    assert log_text(Logs(tmp_path, "attempt-1")) == ""


def test_a_very_long_log_is_cut_at_a_line_and_says_so(tmp_path):
    (tmp_path / "attempt-0.stdout.log").write_text("".join(f"line {number}\n" for number in range(40_000)))
    first, second, *rest = log_text(Logs(tmp_path, "attempt-0")).split("\n")
    assert first.startswith("[the first ")
    assert first.endswith("attempt-0.stdout.log]")
    assert second.startswith("line ")
    assert rest[-1] == "line 39999"


@pytest.mark.parametrize(
    ("millis", "text"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (1000, "1.0 s"),
        (59_900, "59.9 s"),
        (61_000, "1 min 1 s"),
        (3_660_000, "1 h 1 min"),
    ],
)
def test_a_length_is_as_short_as_is_useful(millis, text):
    assert length(millis) == text


@pytest.fixture
def table(tmp_path):
    """`table(commits)`: writes a table trips_quarantine of pipeline `night rides`; each commit is a list of actions."""
    (tmp_path / "pipelines/night_rides/datasets").mkdir(parents=True)
    (tmp_path / "pipelines/night_rides/datasets/rides.trips_quarantine.json").write_text("{}")
    folder = tmp_path / "warehouse/rides/trips_quarantine"
    (folder / "_delta_log").mkdir(parents=True)

    def write(*commits):
        for number, actions in enumerate(commits):
            lines = "".join(json.dumps(action) + "\n" for action in actions)
            (folder / "_delta_log" / f"{number:020}.json").write_text(lines)
        return samples(tmp_path, "night rides")

    for name, ids in (("old", [1, 2, 3]), ("gone", [4]), ("new", [5, 6, 7])):
        rows = [{"id": number, "broken_rules": ["fare_given"], "fare": None} for number in ids]
        parquet.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    return write


def add(name, at, **more):
    return {"add": {"path": f"{name}.parquet", "modificationTime": at, **more}}


def test_the_newest_rows_of_a_quarantine_are_read_without_spark(table):
    removed = {"remove": {"path": "gone.parquet"}}
    found = table([{"metaData": {"configuration": {}}}, add("old", 1), add("gone", 3)], [removed, add("new", 2)])
    assert [(item["table"], item["columns"]) for item in found] == [
        ("rides.trips_quarantine", ["id", "broken_rules", "fare"])
    ]
    assert [row[0] for row in found[0]["rows"]] == ["5", "6", "7", "1", "2"]
    assert found[0]["rows"][0][1:] == ['["fare_given"]', "NULL"]


@pytest.mark.parametrize(
    "actions",
    [
        [add("old", 1, deletionVector={"storageType": "u"})],
        [add("old", 1, partitionValues={"day": "1"})],
        [{"metaData": {"configuration": {"delta.columnMapping.mode": "name"}}}, add("old", 1)],
        [],
    ],
)
def test_a_table_that_its_plain_files_do_not_tell_is_left_out(table, actions):
    assert table(actions) == []


def test_a_table_whose_log_begins_in_a_checkpoint_is_left_out(table, tmp_path):
    table([add("old", 1)])
    (tmp_path / "warehouse/rides/trips_quarantine/_delta_log" / f"{0:020}.json").unlink()
    assert samples(tmp_path, "night rides") == []
