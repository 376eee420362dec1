"""docs/rules.md says what the rules are."""

from pathlib import Path

from payouts.rule_table import rules_page
from payouts.rules import CONFLICT_RULES, ENTRY_RULES, RULES

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_the_page_is_what_the_list_of_rules_makes():
    assert PAGE.read_text(encoding="utf-8") == rules_page(), "run: python -m payouts.rule_table > docs/rules.md"


def test_the_page_has_a_row_for_every_rule_with_its_severity_and_reason():
    rows = [line for line in rules_page().splitlines() if line.startswith("| `")]
    rules = [rule for rules in (*RULES.values(), CONFLICT_RULES, ENTRY_RULES) for rule in rules]
    assert len(rows) == len(rules)
    for row, rule in zip(rows, rules, strict=True):
        assert row.startswith(f"| `{rule.name}` | {rule.severity.value} | ") and row.endswith(f" | {rule.reason} |")
