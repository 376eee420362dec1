"""What is said of the condition of an expectation, and of which nothing is said."""

import pytest

from lakeflow_local.check.datasets import predicates


@pytest.mark.parametrize(
    "text",
    [
        "a >",
        "(a > 0",
        "a IN ('x', 'y'",
        "a > 0 AND",
        "a IS NOT NUL",
        "a + 1",
        "'a > 0'",
        "max(a) > 3",
        "",
        "a IN (SELECT b FROM t)",
        "a > 0 && b > 0",  # no operator of the page "Built-in functions"; Spark's parser refuses it, and the next ones
        "a RLIKE '^[A-Z]{3}$",
        "a IN ()",
        "a > 0;",
    ],
)
def test_what_no_row_can_be_judged_by_is_said(text):
    assert predicates.problem(text)


@pytest.mark.parametrize(
    "text",
    ["a", "a > 0", "col:field::int > 3", "exists(xs, x -> x > 0)", "a RLIKE '^[a-z]+$'", "`a b` > 0", "max > 3",
     "my_udf(a)", "at > current_date() - INTERVAL 3 DAYS", "a IN ('it''s', \"x\")",
     "a RLIKE '^(&&|;)$'", "a = 'it\\'s' AND `b;` > 0", "a IN ('{')", "a & 1 = 1"],
)  # fmt: skip
def test_what_spark_may_know_is_not_called_wrong(text):
    assert predicates.problem(text) is None


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a > 0", {"a"}),
        ("a IS NOT NULL AND a > 0", set()),
        ("a IS NULL OR a > 0", set()),
        ("a IS NOT NULL AND b > 0", {"b"}),
        ("coalesce(a > 0, false)", set()),
        ("coalesce(a, b) > 0", {"a", "b"}),
        ("a <=> b", set()),
        ("NOT (a <=> b)", set()),
        ("a NOT IN ('x')", {"a"}),
        ("CASE WHEN a > 0 THEN true ELSE false END", set()),
        ("CASE WHEN a > 0 THEN true END", {"CASE without ELSE"}),
        ("to_date(a) IS NOT NULL", set()),
        ("length(trim(a)) > 3", {"a"}),
    ],
)
def test_the_columns_that_make_a_condition_null(text, columns):
    assert predicates.nullable_by(text) == columns


@pytest.mark.parametrize("text", ["my_udf(a) > 0", "exists(xs, x -> x > 0)", "a >"])
def test_of_what_is_not_known_nothing_is_said(text):
    assert predicates.nullable_by(text) is None


def test_a_comparison_with_null_is_never_true():
    assert predicates.never_true("a = NULL")
    assert predicates.never_true("b > 0 AND a <> NULL")
    assert predicates.never_true("a NOT IN ('x', NULL)")
    assert predicates.never_true("a IN ('x', NULL)") is None
    assert predicates.never_true("a <=> NULL") is None
    assert predicates.never_true("b > 0 OR a = NULL") is None


@pytest.mark.parametrize(
    ("text", "is_negative"),
    [
        ("a <> 'x'", True),
        ("NOT a IN ('x')", True),
        ("a <> ''", False),
        ("a <> 0", False),
        ("a <> 'x' AND a > 'b'", False),
    ],
)
def test_a_condition_that_only_says_what_a_value_is_not(text, is_negative):
    assert predicates.is_all_negative(text) is is_negative


@pytest.mark.parametrize(
    "text", ["a > 0" + " AND a > 0" * 3000, "(" * 2000 + "a > 0" + ")" * 2000, "NOT " * 3000 + "a"]
)
def test_a_condition_that_is_nested_very_deeply_has_no_answer_and_no_traceback(text):
    assert predicates.problem(text) is None or "condition" in predicates.problem(text)
    for question in (predicates.never_true, predicates.nullable_by, predicates.columns, predicates.is_all_negative):
        question(text)
