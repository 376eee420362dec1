"""A rule: one function, the fact it rests on, and a bad and a good example, from which its tests and its page are made.

@rule(
    id="run-job-cycle",
    family="references",
    severity="error",
    basis="documented",
    reason="A run-job task waits for the run that it starts: jobs that start each other never end.",
    fact="https://docs.databricks.com/aws/en/jobs/run-job",
    fix="Take the run-job task out of one of them.",
    bad={"databricks.yml": "…  # <--"},
    good={"databricks.yml": "…"},
)
def run_job_cycle(target: CheckedTarget) -> Iterator[Found]:
    yield found(value, "…")
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

FAMILIES = {
    "validate": "What the CLI's own validation says",
    "references": "References",
    "leftovers": "Leftovers",
    "files": "Files",
    "secrets": "Secrets",
    "control-flow": "Control flow",
    "side-effects": "Side effects and retries",
    "schedules": "Schedules and alerts",
    "targets": "Targets",
    "pipelines": "Pipelines",
    "ignores": "Ignores",
}
SEVERITIES = ("error", "warning")
BASES = ("documented", "measured", "policy")
_RULES_BELOW = "lakeflow_local.check.rules"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        id: Its name in settings, ignores and reports: words with dashes that say what is wrong.
        family: One of `FAMILIES`.
        severity: `error` where the platform refuses it or it cannot be meant; `warning` where there may be a reason.
        basis: `documented` or `measured` behaviour of the platform, or `policy`: what this project recommends.
        reason: What happens on the platform.
        fact: Where that is known from: a page, or a section of this project's facts.
        fix: What to do.
        bad: A bundle that it finds something in, file -> text. A line that ends with `# <--` (`-- <--` in SQL) is one
            that a finding leads to; where there are such lines, to these and no others.
        good: The same, mended: no finding of this rule and no error of any other.
        drill: The folder in `drills/` that shows it in figures, if there is one.
        scope: `target`: the function gets each `CheckedTarget`; `bundle`: it gets the `CheckedBundle`, once.
        needs_spark: It runs only with `--with-spark`.
        check: The function.
    """

    id: str
    family: str
    severity: str
    basis: str
    reason: str
    fact: str
    fix: str
    bad: Mapping[str, str]
    good: Mapping[str, str]
    drill: str | None
    scope: str
    needs_spark: bool
    check: Callable[[Any], Iterator[Any]]


_rules: dict[str, Rule] = {}


def rule(
    *,
    id: str,
    family: str,
    severity: str,
    basis: str,
    reason: str,
    fact: str,
    fix: str,
    bad: Mapping[str, str],
    good: Mapping[str, str],
    drill: str | None = None,
    scope: str = "target",
    needs_spark: bool = False,
) -> Callable[[Callable[[Any], Iterator[Any]]], Callable[[Any], Iterator[Any]]]:
    """Register a function as a rule; the arguments are described at `Rule`."""
    if family not in FAMILIES or severity not in SEVERITIES or basis not in BASES or scope not in ("target", "bundle"):
        raise ValueError(f"{id}: no such family, severity, basis or scope")
    if id in _rules:
        raise ValueError(f"two rules are called {id}")

    def register(check: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Iterator[Any]]:
        _rules[id] = Rule(
            id=id,
            family=family,
            severity=severity,
            basis=basis,
            reason=reason,
            fact=fact,
            fix=fix,
            bad=bad,
            good=good,
            drill=drill,
            scope=scope,
            needs_spark=needs_spark,
            check=check,
        )
        return check

    return register


@cache
def all_rules() -> Mapping[str, Rule]:
    """Every rule by its id, those of a family together: all modules below `check.rules` are imported."""
    package = importlib.import_module(_RULES_BELOW)
    for module in pkgutil.walk_packages(package.__path__, f"{_RULES_BELOW}."):
        importlib.import_module(module.name)
    order = list(FAMILIES)
    return {one.id: one for one in sorted(_rules.values(), key=lambda one: (order.index(one.family), one.id))}
