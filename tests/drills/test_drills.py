"""Each drill shows its trap and its rule, in figures."""

import re
import subprocess
import sys
from decimal import Decimal

import pytest

from drills.runner import DRILLS, NAMES, VERSIONS, WITH_SPARK, play, title


@pytest.fixture
def found(request, tmp_path):
    """The figures of both versions of the drill that the test is named for."""
    name = request.param
    spark = request.getfixturevalue("spark") if name in WITH_SPARK else None
    return play(name, tmp_path / name, spark)


def drill(name):
    marks = [pytest.mark.slow] if name in WITH_SPARK else []
    return pytest.mark.parametrize("found", [pytest.param(name, marks=marks)], indirect=True, ids=[name])


@drill("retry_until_green")
def test_retried_until_green_everybody_is_paid_three_times_and_asked_before_only_once(found):
    assert (found["trap"]["run"], found["trap"]["paid"]) == ("SUCCESS", "750.00")
    assert (found["rule"]["run"], found["rule"]["paid"]) == ("FAILED, repaired: SUCCESS", "250.00")
    assert found["rule"]["requests to the bank"] == "3"


@drill("all_done_leaf")
def test_an_all_done_leaf_hides_the_missing_money_and_a_leaf_that_looks_does_not(found):
    assert (found["trap"]["run"], found["trap"]["told"]) == ("SUCCESS_WITH_FAILURES", "on_success: finance")
    assert (found["rule"]["run"], found["rule"]["told"]) == ("FAILED", "on_failure: on-call")
    assert Decimal(found["trap"]["paid"]) < Decimal(found["trap"]["owed"])


@drill("quarantine_loses_nulls")
def test_a_negated_rule_loses_the_rows_with_null_and_one_that_is_never_null_loses_none(found):
    assert found["trap"]["nowhere"] == "2"
    assert found["rule"] == {"rows landed": "6", "kept": "2", "in quarantine": "4", "nowhere": "0"}


@drill("full_refresh")
def test_a_full_refresh_forgets_what_has_no_file_any_more_unless_it_is_not_allowed(found):
    assert found["trap"]["after the full refresh"] == "1"
    assert found["rule"]["after the full refresh"] == "4"
    assert found["rule"]["revenue, of 280.00"] == "280.00"


@drill("one_notebook")
def test_a_mail_that_fails_repeats_the_transformation_unless_it_is_a_task_by_itself(found):
    assert (found["trap"]["run"], found["trap"]["sold, says the table"]) == ("SUCCESS", "750.00")
    assert (found["rule"]["run"], found["rule"]["sold, says the table"]) == ("SUCCESS", "250.00")
    assert found["trap"]["mails tried"] == found["rule"]["mails tried"] == "3"


@drill("environment_in_code")
def test_a_run_in_dev_writes_to_prod_unless_the_target_says_where(found):
    rows = ("made-up rows in dev's schema", "made-up rows in prod's schema")
    assert [found["trap"][row] for row in rows] == ["0", "3"]
    assert [found["rule"][row] for row in rows] == ["3", "0"]


@drill("stale_evidence")
def test_a_repair_acts_on_the_verdict_of_the_attempt_before_unless_it_compares(found):
    assert (found["trap"]["run"], found["trap"]["broken rows published"]) == ("FAILED, repaired: SUCCESS", "1")
    assert (found["rule"]["run"], found["rule"]["rows published"]) == ("FAILED, repaired: FAILED", "0")


@drill("retries_multiply")
def test_retries_at_three_levels_are_forty_eight_calls_and_at_one_level_four(found):
    assert [found[version]["calls of a service that is down"] for version in VERSIONS] == ["48", "4"]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_table_of_all_drills_has_the_figures_of_each_drill_alone():
    def table(*names):
        command = [sys.executable, "-m", "drills", *names]
        printed = subprocess.run(command, cwd=DRILLS.parent, capture_output=True, text=True, check=True).stdout
        blocks = [block.splitlines() for block in printed.split("\n\n")[1:]]
        return {block[0].split(":")[0]: block[1:] for block in blocks}

    whole = table()
    assert tuple(whole) == NAMES
    for name in NAMES:
        if name not in WITH_SPARK:
            assert whole[name] == table(name)[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_drill_is_two_bundles_and_half_a_page(name):
    assert all((DRILLS / name / version / "databricks.yml").is_file() for version in VERSIONS)
    page = (DRILLS / name / "README.md").read_text(encoding="utf-8")
    assert title(name)
    assert len(page.splitlines()) < 30
    parts = ("**The trap.**", "**What happens.**", "**The rule.**", "**Where the main example follows it.**")
    assert [part for part in parts if part not in page] == []
    assert f"make drill NAME={name}" in page


def test_the_index_lists_every_drill_and_nothing_else():
    page = (DRILLS / "README.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^\| \[(\w+)\]", page, flags=re.MULTILINE)) == NAMES
    assert {path.parent.name for path in DRILLS.glob("*/drill.py")} == set(NAMES)


def test_every_drill_has_a_test_of_its_figures():
    text = (DRILLS.parent / "tests/drills/test_drills.py").read_text(encoding="utf-8")
    assert set(re.findall(r'^@drill\("(\w+)"\)', text, flags=re.MULTILINE)) == set(NAMES)
