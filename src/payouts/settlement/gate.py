"""The quality gate: from figures of the tables to a verdict per source, and one answer whether money may move."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from payouts.ledger.records import Verdict

PASS = "pass"
PASS_ACCEPTED = "pass (accepted)"
PASS_CLOSED = "pass (closed)"
HOLD = "hold"


@dataclass(frozen=True)
class Figure:
    """What a source brought since the newest settlement: first copies only, so that redelivery dilutes nothing.

    Attributes:
        window_rows: First copies in the window, valid or quarantined.
        open_quarantined: Of these, the quarantined ones that nobody has corrected since.
    """

    window_rows: int
    open_quarantined: int


@dataclass(frozen=True)
class Judgement:
    """The verdicts of one judgement, a row per source."""

    verdicts: tuple[Verdict, ...]

    @property
    def gate_open(self) -> bool:
        """Whether money may move: every source passes."""
        return all(verdict.verdict != HOLD for verdict in self.verdicts)

    @property
    def text(self) -> str:
        """The judgement in words, for the person who is told."""
        reasons = dict.fromkeys(v.reason for v in self.verdicts if v.reason and (v.verdict == HOLD) != self.gate_open)
        verdict = HOLD if not self.gate_open else max((v.verdict for v in self.verdicts), key=len, default=PASS)
        return f"{verdict}: {'; '.join(reasons)}" if reasons else verdict


def judge(
    *,
    settlement_date: date,
    closed: bool,
    newest_day: date | None,
    figures: Mapping[str, Figure | None],
    thresholds: Mapping[str, Decimal],
    accepted: int,
    judged_at: datetime,
) -> Judgement:
    """Judges a date.

    Args:
        closed: A later date is settled: nothing will be sent, whatever the figures say.
        newest_day: Day of the newest valid order state, None if there is none.
        figures: By source, None where it could not be had.
        thresholds: By source, the highest share of open quarantined rows that passes, in percent.
        accepted: How many open rows, over all sources together, an operator has looked at and accepts.
    """
    no_data = not closed and (newest_day is None or settlement_date > newest_day)
    total_open = sum(figure.open_quarantined for figure in figures.values() if figure)

    def verdict(source: str, figure: Figure | None) -> tuple[str, str | None]:
        if closed:
            return PASS_CLOSED, f"a date after {settlement_date} is settled, nothing is sent"
        if no_data:
            return HOLD, f"no_data_for_date: the newest valid order state is of {newest_day or 'no day at all'}"
        if figure is None:
            return HOLD, f"{source}: its figures are missing"
        threshold = thresholds[source]
        if figure.open_quarantined * 100 <= threshold * figure.window_rows:
            return PASS, None
        share = Decimal(figure.open_quarantined * 100) / figure.window_rows
        exceeded = (
            f"{source}: {figure.open_quarantined} of {figure.window_rows} rows ({share:.2f} %) are open in quarantine, "
            f"{threshold.normalize():f} % may be"
        )
        if total_open <= accepted:
            return PASS_ACCEPTED, f"{exceeded}; an operator accepts {accepted}"
        return HOLD, exceeded

    verdicts = []
    for source, figure in figures.items():
        outcome, reason = verdict(source, figure)
        verdicts.append(
            Verdict(
                settlement_date=settlement_date,
                source=source,
                window_rows=figure.window_rows if figure else None,
                open_quarantined=figure.open_quarantined if figure else None,
                accepted=accepted,
                verdict=outcome,
                reason=reason,
                judged_at=judged_at,
            )
        )
    return Judgement(tuple(verdicts))
