"""`python -m tests.faults.harness`: random schedules for ours and for five wrong designs; see --help."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.harness.oracle import MISSING, PAID_TOO_MUCH, totals
from tests.faults.harness.ours import Ours
from tests.faults.harness.play import play
from tests.faults.harness.schedules import schedule
from tests.faults.harness.shrink import shrink
from tests.faults.harness.wrong import WRONG


@dataclass
class Figures:
    """What many schedules have shown of one design."""

    schedules: int = 0
    failing: list[int] = field(default_factory=list)
    paid_too_much: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)


def judge(design: Callable[..., Any], seeds: range) -> Figures:
    """Plays the schedules of these seeds on a design."""
    figures = Figures()
    for seed in seeds:
        violations = list(play(schedule(seed), design).violations)
        figures.schedules += 1
        figures.failing += [seed] if violations else []
        figures.paid_too_much += totals(violations, PAID_TOO_MUCH)
        figures.missing += totals(violations, MISSING)
    return figures


def story(design: Callable[..., Any], seed: int) -> str:
    """The shortest schedule that breaks the same promise as this seed's, told."""
    steps = schedule(seed)
    kinds = [violation.kind for violation in play(steps, design).violations]
    kind = PAID_TOO_MUCH if PAID_TOO_MUCH in kinds else kinds[0]
    smallest = shrink(steps, lambda fewer: any(v.kind == kind for v in play(fewer, design).violations))
    played = play(smallest, design)
    lines = [f"  {line}" for line in played.story] + [f"  => {violation}" for violation in played.violations]
    return "\n".join([f"{design.name}, seed {seed}, {len(steps)} steps shrunk to {len(smallest)}:", *lines])


def main() -> int:
    """Prints the table, and the story of the first failing seed of each design; 1 if ours is at fault, or none is."""
    arguments = argparse.ArgumentParser(prog="python -m tests.faults.harness", description=__doc__.split("; ")[0])
    arguments.add_argument("--schedules", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=1, help="the first seed; the others follow it")
    given = arguments.parse_args()
    seeds = range(given.seed, given.seed + given.schedules)

    print(f"{'design':27}{'schedules':>10}{'violated':>10}   paid too much / missing while the run is green")
    failing = []
    for design in (Ours, *WRONG):
        start = time.monotonic()
        figures = judge(design, seeds)
        seconds = f"{time.monotonic() - start:.0f} s"
        money = f"{_money(figures.paid_too_much)} / {_money(figures.missing)}"
        print(f"{design.name:27}{figures.schedules:>10}{len(figures.failing):>10}   {money}   ({seconds})", flush=True)
        failing.append((design, figures.failing))
    for design, seeds_of in failing:
        if seeds_of:
            print(f"\n{story(design, seeds_of[0])}")
    return 0 if not failing[0][1] and all(seeds_of for _, seeds_of in failing[1:]) else 1


def _money(sums: Counter[str]) -> str:
    return ", ".join(f"{currency} {amount:,.2f}" for currency, amount in sorted(sums.items()) if amount) or "0.00"


if __name__ == "__main__":
    sys.exit(main())
