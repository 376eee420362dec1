"""`dbutils.jobs.taskValues` outside of a run: what may be set, and what is got."""

import pytest

from lakeflow_local.dbutils.values import LIMIT, TaskValues

VALUES = TaskValues()


@pytest.mark.parametrize("value", [None, True, 3, 1.5, "Ulm", [1, "a"], {"city": {"size": 3}}])
def test_every_json_type_may_be_set(value):
    VALUES.set("rows", value)


def test_a_value_may_have_48_kib_as_json_and_no_more():
    VALUES.set("rows", "x" * (LIMIT - 2))  # two quotes
    with pytest.raises(ValueError, match=r"has 49153 bytes as JSON; at most 49152"):
        VALUES.set("rows", "x" * (LIMIT - 1))


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_what_is_no_json_is_refused(value):
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        VALUES.set("rows", value)


def test_outside_of_a_run_get_gives_the_debug_value_and_asks_for_one():
    assert VALUES.get("read", "rows", default=1, debugValue=2) == 2
    with pytest.raises(TypeError, match="needs a debugValue"):
        VALUES.get("read", "rows", default=1)
