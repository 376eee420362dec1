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


def test_the_older_braces_are_replaced_by_the_text_itself():
    assert fill_mustaches("SELECT {{ n }} FROM {{t}} -- {{u}}", {"n": "7", "t": "a.b"}) == "SELECT 7 FROM a.b -- {{u}}"


def test_an_error_about_catalogs_says_which_there_are():
    error = ValueError("[REQUIRES_SINGLE_PART_NAMESPACE] spark_catalog requires …\nat line 7")
    assert first_line(error).endswith(
        "(the catalogs here are spark_catalog, samples, main and those that the bundle's settings name)"
    )
    assert "--seed NAME=FILE" in first_line(ValueError("[TABLE_OR_VIEW_NOT_FOUND] The table or view `a`.`b` cannot …"))
    assert first_line(ValueError("a\nb")) == "ValueError: a"
