"""Every rule finds its bad example, at the marked lines, and nothing in its good one."""

import re

import pytest

from lakeflow_local.check.engine.running import Options, check
from lakeflow_local.check.rule import all_rules

RULES = all_rules()
MARK = re.compile(r"\s*(#|--) <--$")


def findings(files, root, options):
    """What is found in a bundle of these files; the marks at the ends of lines are no part of them."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [MARK.sub("", line) for line in text.lstrip("\n").split("\n")]
        path.write_text("\n".join(lines), encoding="utf-8")
    checked = check(root, options)
    assert checked.problems == {}
    return checked.findings


def marked(files):
    """The places of the marks: (file, line)."""
    return {
        (name, number)
        for name, text in files.items()
        for number, line in enumerate(text.lstrip("\n").split("\n"), start=1)
        if MARK.search(line)
    }


@pytest.mark.parametrize("rule", [one for one in RULES.values() if not one.needs_spark], ids=lambda one: one.id)
def test_a_rule_finds_its_bad_example_and_not_its_good_one(rule, tmp_path):
    options = Options(all_targets=True)
    bad = findings(rule.bad, tmp_path / "bad", options)
    own = [one for one in bad if one.rule == rule.id]
    assert own, f"found only {[one.rule for one in bad]}"
    places = marked(rule.bad)
    if places:
        assert {(one.file, one.line) for one in own} == places
    assert all(one.file and one.message and one.targets for one in own)
    assert [one for one in bad if one.rule != rule.id and one.severity == "error"] == []
    good = findings(rule.good, tmp_path / "good", options)
    assert [one for one in good if one.rule == rule.id or one.severity == "error"] == []


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda one: one.id)
def test_a_rule_says_all_that_its_page_needs(rule):
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", rule.id)
    for text in (rule.reason, rule.fact, rule.fix):
        assert len(text) > 15 and text == text.strip()
    assert rule.reason.endswith(".") and rule.fix.endswith(".")
    assert rule.check.__doc__
