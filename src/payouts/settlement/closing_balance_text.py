"""The closing balance for people: two tables and a verdict."""

from collections.abc import Iterator, Sequence

from payouts.settlement.closing_balance import MONEY_TERMS, ROW_TERMS, Balance, rows_balance


def balance_lines(balance: Balance) -> Iterator[str]:
    """The proof in figures, line by line."""
    yield f"Closing balance of {balance.settlement_date or 'no settlement yet'}"
    yield ""
    yield "rows: landed = kept + superseded + quarantined + redelivered"
    yield from _table(
        ("source", *ROW_TERMS, ""),
        [
            (source, *(f"{counts[term]:,}" for term in ROW_TERMS), _mark(rows_balance(counts)))
            for source, counts in balance.rows.items()
        ],
    )
    if balance.sellers:
        yield ""
        yield "money: entitled = accepted + in flight + released since + held"
        yield from _table(
            ("currency", *(term.replace("_", " ") for term in MONEY_TERMS), ""),
            [
                (
                    currency,
                    *(f"{total[term]:,.2f}" for term in MONEY_TERMS),
                    _mark(all(s.difference == 0 for s in balance.sellers if s.currency == currency)),
                )
                for currency, total in balance.totals().items()
            ],
        )
    if waiting := {reason: count for reason, count in balance.unmatched.items() if count}:
        yield ""
        yield "does not count yet: " + ", ".join(f"{reason} {count:,}" for reason, count in waiting.items())
    yield from (f"NOT BALANCED: {error}" for error in balance.errors()[:20])


def _mark(agrees: bool) -> str:
    return "balanced" if agrees else "NOT BALANCED"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    for first, *cells in (header, *rows):
        yield "  ".join(["  " + first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(cells, widths[1:], strict=True))])
