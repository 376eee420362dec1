"""The tables after each day: rules, quarantine, payouts, and the closing balance that proves both contracts."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

from demo.figures import Figures
from demo.screen import Screen
from recount.balance import FIGURES, recount
from recount.rows import FATES

MOST_DIFFERENCES = 10


class Bookmark:
    """Remembers what was there before a run, so that its report speaks of what is new."""

    def __init__(self, figures: Figures) -> None:
        self.updates = figures.counted_updates()
        self.ingested_to = figures.newest_ingestion()


def show_rules(screen: Screen, figures: Figures, since: Bookmark) -> None:
    """Every rule that a row broke, and for each dataset how many rules nothing broke."""
    counts = figures.rule_counts(since.updates)
    rows = []
    for dataset in dict.fromkeys(count.dataset for count in counts):
        own = [count for count in counts if count.dataset == dataset]
        broken = sorted((count for count in own if count.failed), key=lambda count: -count.failed)
        rows += [(dataset, c.rule, c.severity, f"{c.passed:,}", f"{c.failed:,}", c.pass_rate) for c in broken]
        kept = [count for count in own if not count.failed]
        if kept:
            other = "other " if broken else ""
            passed = max(count.passed for count in kept)
            rows.append((dataset, f"{len(kept)} {other}rules", "", f"{passed:,}", "0", "100.00 %"))
    if rows:
        screen.table("Rules", ("dataset", "rule", "severity", "passed", "failed", "pass rate"), rows, left=3)
    else:
        screen.say("Rules: no new row was judged.")


def show_quarantine(screen: Screen, figures: Figures, since: Bookmark) -> None:
    """What was quarantined, by the rule that it broke; a row that broke two stands twice."""
    rows = [(source, rule, text, f"{count:,}") for source, rule, count, text in figures.quarantined(since.ingested_to)]
    if rows:
        screen.table("Quarantine", ("source", "broken rule", "for example, as landed", "rows"), rows, left=3)
    else:
        screen.say("Quarantine: nothing new.")


def show_payouts(screen: Screen, figures: Figures, day: date) -> None:
    """What the gateway has paid for the date, and what its plan holds."""
    paid = figures.payouts_by_currency(day)
    rows = [(currency, f"{count:,}", f"{amount:,.2f}") for currency, count, amount in paid]
    if rows:
        screen.table(f"Payouts of {day}, by the gateway's statement", ("currency", "payouts", "amount"), rows)
    else:
        screen.say(f"Payouts of {day}: none.")
    held = [(reason, currency, f"{n:,}", f"{amount:,.2f}") for reason, currency, n, amount in figures.holds(day)]
    if held:
        screen.table("Held by its plan", ("reason", "currency", "sellers", "amount"), held, left=2)


def show_balance(screen: Screen, figures: Figures) -> None:
    """Both contracts in figures, as balance.json states them."""
    balance = figures.balance()
    rows = [
        (source, *(f"{counts[name]:,}" for name in ("landed", *FATES)), _mark(_rows_balance(counts)))
        for source, counts in balance["rows"].items()
    ]
    title = "Closing balance, rows: landed = kept + superseded + quarantined + redelivered"
    screen.table(title, ("source", "landed", *FATES, ""), rows)
    totals: dict[str, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(FIGURES, Decimal(0)))
    unbalanced: set[str] = set()
    for line in balance["sellers"]:
        amounts = {name: Decimal(line[name]) for name in FIGURES}
        for name, amount in amounts.items():
            totals[line["currency"]][name] += amount
        if amounts["entitled"] != sum(amounts.values()) - amounts["entitled"]:
            unbalanced.add(line["currency"])
    if totals:
        title = (
            f"Closing balance of {balance['settlement_date']}, money: entitled = accepted + in flight + released + held"
        )
        money = [
            (currency, *(f"{total[name]:,.2f}" for name in FIGURES), _mark(currency not in unbalanced))
            for currency, total in sorted(totals.items())
        ]
        screen.table(title, ("currency", *(name.replace("_", " ") for name in FIGURES), ""), money)
    waiting = ", ".join(f"{reason} {count:,}" for reason, count in balance["unmatched"].items() if count)
    screen.say(f"Does not count yet: {waiting or 'nothing'}.")


def show_recount(screen: Screen, root: Path, landing: Path) -> list[str]:
    """Counts everything again from the files, the gateway's store and the raw tables.

    Returns:
        The differences to what the product says; none if all is well.
    """
    differences = recount(root, landing=landing)
    if differences:
        screen.say(f"Recount: {len(differences)} differences", "bold red")
        for difference in differences[:MOST_DIFFERENCES]:
            screen.say(f"  {difference}", "red")
    else:
        screen.say("Recounted from the files, the gateway's database and the raw tables: no difference.", "green")
    return differences


def _rows_balance(counts: dict[str, int]) -> bool:
    return counts["landed"] == sum(counts[fate] for fate in FATES)


def _mark(balances: bool) -> str:
    return "balanced" if balances else "NOT BALANCED"
