"""The table of all mutants, and what stands below it. Of held-out operators it shows only how many were found."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tests.mutants.checkers import Finding
from tests.mutants.draft import Edit
from tests.mutants.operator import FAMILIES, Operator


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant.

    Attributes:
        cli: New errors and warnings of `validate --strict`; None where there is no CLI.
        check: New findings of `check` at the right place; None where there is no such command.
        elsewhere: Its other new findings: they do not count.
    """

    operator: Operator
    held_out: bool
    edits: Sequence[Edit]
    cli: Sequence[str] | None
    check: Sequence[Finding] | None
    elsewhere: Sequence[Finding] = field(default=())

    def row(self) -> str:
        """One line of the table, and one for each edit below it."""
        rules = ", ".join(sorted({f"{found.rule} {found.file}:{found.line}" for found in self.check or ()}))
        aside = ", ".join(sorted({f"{found.rule} {found.file}:{found.line}" for found in self.elsewhere}))
        words = rules or (f"(elsewhere: {aside})" if aside else "")
        mark = "held_out" if self.held_out else ""
        head = (
            f"{self.operator.name:42}{self.operator.family:14}{mark:10}{_mark(self.cli):10}{_mark(self.check):8}{words}"
        )
        return "\n".join([head.rstrip(), *(f"    {edit}" for edit in self.edits)])


def _mark(found: Sequence[object] | None) -> str:
    return "-" if found is None else "found" if found else "missed"


def lines(outcomes: Sequence[Outcome], *, show_held_out: bool) -> Iterable[str]:
    """The whole page."""
    yield f"{'operator':42}{'family':14}{'':10}{'validate':10}{'check':8}rule, file and line"
    for outcome in outcomes:
        if show_held_out or not outcome.held_out:
            yield outcome.row()
    yield ""
    yield f"{'':42}{'mutants':14}{'validate':10}check"
    for family in FAMILIES:
        yield _figures(family, [outcome for outcome in outcomes if outcome.operator.family == family])
    yield _figures("all", outcomes)
    yield _figures("seen while rules were written", [outcome for outcome in outcomes if not outcome.held_out])
    yield _figures("held out", [outcome for outcome in outcomes if outcome.held_out])


def _figures(name: str, outcomes: Sequence[Outcome]) -> str:
    def share(of: Callable[[Outcome], Sequence[object] | None]) -> str:
        values = [of(outcome) for outcome in outcomes]
        if not values or any(value is None for value in values):
            return "-"
        return f"{sum(map(bool, values)) / len(values):.0%}"

    cli, check = share(lambda outcome: outcome.cli), share(lambda outcome: outcome.check)
    return f"{name:42}{len(outcomes):<14}{cli:10}{check}"
