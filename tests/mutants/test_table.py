"""What counts as found, and what the table says of it."""

import re

from tests.mutants.checkers import Finding, targets_of
from tests.mutants.draft import Edit
from tests.mutants.operator import OPERATORS, held_out
from tests.mutants.operators import __all__ as _registered  # noqa: F401
from tests.mutants.table import Outcome, lines

SEEN, HIDDEN = (next(name for name in OPERATORS if (name in held_out()) is hidden) for hidden in (False, True))


def outcome(name=SEEN, *, cli=(), check=(), elsewhere=()):
    edits = [Edit("resources/a.job.yml", 7, "max_retries: 0", "max_retries: 3")]
    return Outcome(OPERATORS[name], name in held_out(), edits, cli, check, elsewhere)


def table(*outcomes, show_held_out=False):
    return "\n".join(lines(outcomes, show_held_out=show_held_out))


def test_a_finding_is_at_the_right_place_in_an_edited_file_or_one_that_the_operator_names():
    found = Finding("some-rule", "…", "resources/a.job.yml", 7)
    assert found.is_at(["resources/a.job.yml"]) and found.is_at(["databricks.yml", "resources/*.yml"])
    assert not found.is_at(["databricks.yml"])
    assert not Finding("load", "…").is_at(["databricks.yml"])


def test_a_row_says_what_was_done_who_found_it_and_where():
    text = table(outcome(cli=["Error: no"], check=[Finding("some-rule", "…", "resources/a.job.yml", 7)]))
    assert re.search(rf"^{SEEN} .* found +found +some-rule resources/a\.job\.yml:7$", text, flags=re.MULTILINE)
    assert "    resources/a.job.yml:7: max_retries: 0 -> max_retries: 3" in text


def test_a_finding_elsewhere_is_shown_and_does_not_count():
    text = table(outcome(elsewhere=[Finding("other-rule", "…", "README.md", 1)]))
    assert re.search(rf"^{SEEN} .* missed +missed +\(elsewhere: other-rule README\.md:1\)$", text, flags=re.MULTILINE)
    assert re.search(r"^all +1 +0% +0%$", text, flags=re.MULTILINE)


def test_held_out_operators_are_counted_apart_and_shown_on_request_only():
    found = [Finding("some-rule", "…", "resources/a.job.yml", 7)]
    outcomes = [outcome(), outcome(HIDDEN, check=found)]
    text = table(*outcomes)
    assert HIDDEN not in text
    shown = table(*outcomes, show_held_out=True)
    assert re.search(rf"^{HIDDEN} .* held_out +missed +found", shown, flags=re.MULTILINE)
    assert re.search(r"^all +2 +0% +50%$", text, flags=re.MULTILINE)
    assert re.search(r"^seen while rules were written +1 +0% +0%$", text, flags=re.MULTILINE)
    assert re.search(r"^held out +1 +0% +100%$", text, flags=re.MULTILINE)


def test_a_checker_that_was_not_asked_has_no_figure():
    text = table(outcome(cli=None, check=None))
    assert re.search(r"^all +1 +- +-$", text, flags=re.MULTILINE)


def test_the_cli_is_asked_about_each_target_whose_answer_may_have_changed():
    assert targets_of(["databricks.yml"]) == ["local", "dev", "staging", "prod"]
    assert targets_of(["targets/staging.yml"]) == ["staging"]
    assert targets_of(["resources/seed_landing.job.yml"]) == ["dev", "prod"]
    assert targets_of(["src/payouts/rules.py"]) == ["dev"]
