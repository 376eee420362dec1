"""The rules as a page to read: `python -m payouts.rule_table > docs/rules.md`. A test keeps it equal to the list."""

import re
from collections.abc import Iterable

from payouts.rules import CONFLICT_RULES, ENTRY_RULES, Rule, rules_of
from payouts.schemas import SOURCES

HEADER = """# Rules

Written by `python -m payouts.rule_table` from `src/payouts/rules.py`; a test keeps it equal.

**warn** keeps the row and counts it. **drop** puts the row into the quarantine table beside its dataset, with the
names of all rules that it broke. **fail** stops the update and leaves the table as it was.
A predicate is never NULL. A rule about a column whose text could not be read passes: `row_parses` names it.
"""
LONG_LIST = re.compile(r"\('[^()]{200,}'\)")


def rules_page() -> str:
    """The page, one table per dataset that has rules."""
    tables = [(source.states, rules_of(source)) for source in SOURCES]
    tables += [("conflicting_states", CONFLICT_RULES), ("balance_entries", ENTRY_RULES)]
    return HEADER + "".join(_table(dataset, rules) for dataset, rules in tables)


def _table(dataset: str, rules: Iterable[Rule]) -> str:
    lines = [f"\n## `{dataset}`\n", "| rule | severity | true if | why |", "|---|---|---|---|"]
    lines += [f"| `{r.name}` | {r.severity.value} | {_code(r.predicate)} | {r.reason} |" for r in rules]
    return "\n".join(lines) + "\n"


def _code(predicate: str) -> str:
    """The predicate, with its longest list cut short."""
    short = LONG_LIST.sub(lambda match: f"({match[0].count(',') + 1} codes)", predicate)
    return f"`{short}`".replace("|", "\\|")


if __name__ == "__main__":
    print(rules_page(), end="")
