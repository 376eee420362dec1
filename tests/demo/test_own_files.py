"""`make demo LANDING=…`: what is wrong with the folder is said in a line, before anything runs or moves."""

import json
import os
import signal
import sys
from datetime import date
from pathlib import Path

import pytest

from demo.__main__ import main, read_date
from demo.errors import WrongInput
from demo.own_files import landed_files, newest_date
from recount import SOURCES
from tests.recount.samples import order

BERLIN = "Europe/Berlin"


@pytest.fixture
def landing(tmp_path) -> Path:
    for source in SOURCES:
        (tmp_path / source).mkdir()
    return tmp_path


def write(landing: Path, *lines: dict | str, name: str = "orders/a.json") -> None:
    (landing / name).parent.mkdir(parents=True, exist_ok=True)
    (landing / name).write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))


@pytest.fixture
def demo(monkeypatch, capsys):
    """`demo("--landing", …)`: exit code, standard output and error of the command, run in this process."""
    terminated = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["demo", *arguments])
        return main(), *capsys.readouterr()

    yield run
    signal.signal(signal.SIGTERM, terminated)


def test_json_and_jsonl_files_of_the_three_folders_are_found_below_them_too(landing):
    for name in ("orders/a.json", "orders/2026/b.jsonl", "sellers/c.json", "orders/readme.txt", "other/d.json"):
        write(landing, name=name)
    assert [str(path.relative_to(landing)) for path in landed_files(landing)] == [
        "orders/2026/b.jsonl",
        "orders/a.json",
        "sellers/c.json",
    ]


def test_a_folder_that_is_missing_is_named(landing):
    (landing / "refunds").rmdir()
    with pytest.raises(WrongInput, match="refunds/ is missing"):
        landed_files(landing)
    with pytest.raises(WrongInput, match="no such folder"):
        landed_files(landing / "nowhere")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(landing):
    write(landing)
    (landing / "orders/a.json").chmod(0)
    with pytest.raises(WrongInput, match=r"a\.json: cannot be read"):
        landed_files(landing)


def test_the_newest_date_is_that_of_the_newest_valid_order_state_in_the_zone_of_settlement(landing):
    write(
        landing,
        order("o1", "placed", "2026-01-02T23:30:00Z"),  # half past midnight in Berlin
        order("o2", "delivered", "2026-01-05", gross="-1"),
        order("o3", "placed", "9999-12-31"),
        "{broken",
    )
    write(landing, {"refund_id": "r1", "refunded_at": "2026-02-01T00:00:00Z"}, name="refunds/orders.json")
    assert newest_date(landing, landed_files(landing), BERLIN) == "2026-01-03"
    assert newest_date(landing, [], BERLIN) == ""


def test_dates_are_written_with_dashes():
    assert read_date(" 2026-01-03") == date(2026, 1, 3)
    with pytest.raises(WrongInput, match=r"'3\.1\.2026' is not a date"):
        read_date("3.1.2026")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--landing", "/no/where"], "LANDING=/no/where: there is no such folder"),
        (["--landing", "/", "--dates", "soon"], "DATES: 'soon' is not a date as in 2026-01-03"),
        (["--landing", "/", "--accept", "-1"], "ACCEPT=-1: a whole number of rows is expected"),
        (["--dates", "2026-01-03"], "DATES and ACCEPT are for your own files: give LANDING=<folder> too"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(demo, arguments, message):
    assert demo(*arguments) == (2, "", f"demo: {message}\n")
