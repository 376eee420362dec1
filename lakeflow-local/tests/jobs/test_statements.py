"""SQL files: statements and parameters."""

import pytest

from lakeflow_local.errors import UserError
from lakeflow_local.jobs.tasks.threads import first_line
from lakeflow_local.notebooks.statements import bind_markers, fill_mustaches, split_statements


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';' AS `a;b`; SELECT \"x;y\"", ["SELECT ';' AS `a;b`", 'SELECT "x;y"']),
        ("-- only; a comment\n", []),
        ("SELECT 1 /* ; */ -- ;\n;;", ["SELECT 1 /* ; */ -- ;"]),
        (
            "CREATE VIEW v AS SELECT CASE WHEN a THEN 1 END AS b; SELECT 2",
            ["CREATE VIEW v AS SELECT CASE WHEN a THEN 1 END AS b", "SELECT 2"],
        ),
        (
            "BEGIN DECLARE x INT; IF x = 1 THEN SELECT CASE WHEN x = 1 THEN 2 END; END IF; END; SELECT 2",
            ["BEGIN DECLARE x INT; IF x = 1 THEN SELECT CASE WHEN x = 1 THEN 2 END; END IF; END", "SELECT 2"],
        ),
    ],
)
def test_semicolons_separate_statements_only_outside_of_texts_comments_and_scripts(text, statements):
    assert split_statements(text) == statements


def test_a_text_without_end_is_one_clear_error():
    with pytest.raises(UserError, match="not readable as SQL"):
        split_statements("SELECT 'open")


def test_named_markers_become_text_literals_and_nothing_else_does():
    text = "SELECT :city, r:city, x::city, ':city', cast(y AS struct<z:city>), :other FROM IDENTIFIER(:city || '.t')"
    bound = bind_markers(text, {"city": "O'Fallon\\"})
    literal = r"'O\'Fallon\\'"
    expected = text.replace("SELECT :city", f"SELECT {literal}").replace("(:city", f"({literal}")
    assert bound == expected


def test_braces_become_text_literals_except_in_comments():
    text = "SELECT {{ n }}, IDENTIFIER({{t}} || '.x') -- {{n}}\n/* {{t}} */ WHERE a = {{n}}::int"
    filled = fill_mustaches(text, {"n": "7", "t": "it's"})
    assert filled == "SELECT '7', IDENTIFIER('it\\'s' || '.x') -- {{n}}\n/* {{t}} */ WHERE a = '7'::int"


def test_braces_inside_backticks_are_the_text_itself():
    assert fill_mustaches("USE CATALOG `{{c}}`", {"c": "ma`in"}) == "USE CATALOG `ma``in`"


def test_braces_that_cannot_work_are_named_with_their_line():
    with pytest.raises(UserError, match=r"q.sql:12: \{\{who\}\} stands in quotes, but arrives as a quoted text"):
        fill_mustaches("SELECT\n1,\n'{{who}}'", {"who": "ann"}, "q.sql", 10)
    with pytest.raises(UserError, match=r"q.sql:11: \{\{whom\}\} names no parameter of the task or its job; .*: who"):
        fill_mustaches("SELECT\n{{whom}}", {"who": "ann"}, "q.sql", 10)
    assert fill_mustaches("SELECT '{{other}}'", {"who": "ann"}) == "SELECT '{{other}}'"


def test_an_error_about_catalogs_says_which_there_are():
    error = ValueError("[REQUIRES_SINGLE_PART_NAMESPACE] spark_catalog requires …\nat line 7")
    assert first_line(error).endswith(
        "(the catalogs here are spark_catalog, samples, main and those that the bundle's settings name)"
    )
    assert "--seed NAME=FILE" in first_line(ValueError("[TABLE_OR_VIEW_NOT_FOUND] The table or view `a`.`b` cannot …"))
    assert first_line(ValueError("a\nb")) == "ValueError: a"
    of_java = "An error occurred while calling o230.sql.\n: java.io.FileNotFoundException: /no/table\n\tat org…"
    assert first_line(ValueError(of_java)) == "ValueError: java.io.FileNotFoundException: /no/table"
