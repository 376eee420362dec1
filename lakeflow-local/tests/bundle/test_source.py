"""Reading YAML: what values become, where they stand, and what is said when it is no YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakeflow_local.bundle.tree.diagnostics import Diagnostics
from lakeflow_local.bundle.tree.source import read
from lakeflow_local.errors import BundleError


def read_text(tmp_path: Path, text: str | bytes):
    path = tmp_path / "trips.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("True", True),
        ("017", 17),
        ("0x1f", 31),
        ("1_000", 1000),
        ("-3", -3),
        ("1.5e3", 1500.0),
        ("2026-01-31", "2026-01-31"),
        ("~", None),
        ("'1'", "1"),
        ("!!str 12", "12"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_a_scalar_is_read_as_the_cli_reads_it(tmp_path: Path, text: str, value: object) -> None:
    read_value = read_text(tmp_path, f"key: {text}\n").get("key").value
    assert read_value == value
    assert type(read_value) is type(value)


def test_every_key_and_value_knows_its_line_and_column(tmp_path: Path) -> None:
    tree = read_text(tmp_path, "jobs:\n  nightly:\n    name: load\n    tasks:\n      - task_key: a\n")
    name = tree.get("jobs", "nightly", "name")
    assert (name.key.line, name.key.column) == (3, 5)
    assert (name.location.line, name.location.column) == (3, 11)
    assert tree.get("jobs", "nightly", "tasks", 0).location.line == 5


def test_an_anchor_is_merged_and_keeps_the_place_where_it_was_written(tmp_path: Path) -> None:
    tree = read_text(tmp_path, "base: &base\n  a: 1\n  b: 2\nchild:\n  <<: *base\n  b: 3\n")
    assert tree.get("child").plain() == {"a": 1, "b": 3}
    assert tree.get("child", "a").location.line == 2
    assert tree.get("base").anchor


def test_of_several_merged_maps_the_last_one_wins_as_in_the_cli(tmp_path: Path) -> None:
    tree = read_text(tmp_path, "x: &x {a: 1}\ny: &y {a: 2}\nboth:\n  <<: [*x, *y]\n")
    assert tree.get("both", "a").value == 2


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a:\n  b: 1\n c: 2\n", 3, "block mapping"),
        ("a: [1, 2\nb: 3\n", 2, "expected ',' or ']'"),
        ("a: 1\n\tb: 2\n", 2, "a tab character"),
        ("a: *nowhere\n", 1, "undefined alias"),
        ("a: &a\n  b: *a\n", 2, "refers to itself"),
        (b"a: 1\nb: caf\xe9\n", 2, "not UTF-8"),
        ("a:\n  <<: 5\n", 2, "'<<' needs a map"),
        ("? [1, 2]\n: 3\n", 1, "plain word"),
    ],
)
def test_what_is_no_yaml_is_one_line_with_its_place_and_reason(
    tmp_path: Path, text: str | bytes, line: int, reason: str
) -> None:
    with pytest.raises(BundleError) as caught:
        read_text(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'trips.yml'}:{line}: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_key_that_stands_twice_counts_the_second_time_and_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "trips.yml"
    path.write_text("name: first\nname: second\n")
    diagnostics = Diagnostics()
    assert read(path, diagnostics).plain() == {"name": "second"}
    assert [str(note) for note in diagnostics.notes] == [
        f"{path}:2: name stands twice in this map: the later one counts"
    ]


def test_an_empty_file_is_null_and_json_is_yaml(tmp_path: Path) -> None:
    assert read_text(tmp_path, "# nothing yet\n").is_null
    assert read_text(tmp_path, '{"a": [1, true, null]}').plain() == {"a": [1, True, None]}
