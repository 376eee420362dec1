"""The tables of the ledger, with a comment on every column: names, types and grain in one place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from payouts.ledger.records import INGESTED_TO

MONEY = "DECIMAL(18,2)"


@dataclass(frozen=True)
class Table:
    """A table of the ledger.

    Attributes:
        comment: Grain and purpose.
        columns: Name to (type, comment), in order.
    """

    comment: str
    columns: Mapping[str, tuple[str, str]]


TABLES: Mapping[str, Table] = {
    "settlements": Table(
        "One row per plan of a settlement date; the newest of a date counts. Written before anything else of the plan.",
        {
            "plan_id": ("STRING", "Names the plan"),
            "settlement_date": ("DATE", "The business day up to which the plan pays"),
            **{
                column: ("TIMESTAMP", f"Newest ingestion of {source} that the plan read; NULL if none had been read")
                for source, column in INGESTED_TO.items()
            },
            "run_id": ("STRING", "The job run that planned"),
            "planned_at": ("TIMESTAMP", "When it planned"),
        },
    ),
    "payout_claims": Table(
        "One row per effect key: a payout that was decided. Amount and account never change. One writer.",
        {
            "effect_key": ("STRING", "SHA-256 of seller, currency and settlement date: the identity of the payout"),
            "plan_id": ("STRING", "The plan that claimed it"),
            "settlement_date": ("DATE", "The settlement date in its key"),
            "seller_id": ("STRING", "Who is paid"),
            "currency": ("STRING", "ISO 4217 code"),
            "amount": (MONEY, "What is paid, in currency"),
            "payout_account": ("STRING", "Where to, as it was when the claim was made"),
            "entitled_amount": (MONEY, "What the seller was entitled to by the settlement date when claimed"),
            "claimed_at": ("TIMESTAMP", "When it was claimed"),
            "attempt_key": ("STRING", "Run, repair and execution that claimed it; for audit only"),
        },
    ),
    "payout_events": Table(
        "One row per event of a claim; append-only. The state of a claim is derived from its events.",
        {
            "effect_key": ("STRING", "The payout"),
            "event": ("STRING", "CLAIMED, SENT, ACCEPTED, REJECTED, UNKNOWN, CONFIRMED or CANCELLED"),
            "occurred_at": ("TIMESTAMP", "When, by the clock of the task"),
            "attempt_key": ("STRING", "Run, repair and execution that recorded it; for audit only"),
            "detail": ("STRING", "What the gateway or the operator said"),
        },
    ),
    "payout_holds": Table(
        "One row per plan, seller and currency with money open that the plan does not pay.",
        {
            "plan_id": ("STRING", "The plan"),
            "settlement_date": ("DATE", "Its settlement date"),
            "seller_id": ("STRING", "Whose money is held"),
            "currency": ("STRING", "ISO 4217 code"),
            "amount": (MONEY, "What is held, in currency; negative where the seller owes"),
            "reason": ("STRING", "The first hold reason that applies"),
        },
    ),
    "quality_verdicts": Table(
        "One row per source and judgement of the quality gate.",
        {
            "settlement_date": ("DATE", "The date that was judged"),
            "source": ("STRING", "Name of the source"),
            "window_rows": ("BIGINT", "First copies ingested since the newest settlement"),
            "open_quarantined": ("BIGINT", "Of these, quarantined and not corrected"),
            "accepted": ("BIGINT", "How many an operator accepted, over all sources together"),
            "verdict": ("STRING", "pass, pass (accepted), pass (closed) or hold"),
            "reason": ("STRING", "Why it holds, or why it passes all the same"),
            "judged_at": ("TIMESTAMP", "When it was judged"),
        },
    ),
    "closing_balances": Table(
        "One row per attempt to close, scope, key, currency and term; the newest attempt of a date counts.",
        {
            "settlement_date": (
                "DATE",
                "The newest settled date, also on a held day; NULL before the first plan",
            ),
            "scope": ("STRING", "source: rows, of all that has been ingested; seller: money, up to settlement_date"),
            "key": ("STRING", "Name of the source, or seller_id"),
            "currency": ("STRING", "ISO 4217 code; NULL for a source"),
            "term": ("STRING", "landed, kept, superseded, ... of a source; entitled, accepted, held, ... of a seller"),
            "figure": (MONEY, "A number of rows, or an amount in currency"),
            "balanced": ("BOOLEAN", "Whether the terms of this key and currency add up"),
            "attempt_key": ("STRING", "Run, repair and execution that closed; its rows are written once"),
            "closed_at": ("TIMESTAMP", "When it closed"),
        },
    ),
    "data_quality": Table(
        "One row per pipeline update, dataset and rule: the event log's counts, kept as evidence.",
        {
            "update_id": ("STRING", "The pipeline update"),
            "dataset": ("STRING", "The dataset whose rows were checked"),
            "rule": ("STRING", "The expectation"),
            "severity": ("STRING", "warn, drop or fail"),
            "passed": ("BIGINT", "Rows that passed"),
            "failed": ("BIGINT", "Rows that failed"),
        },
    ),
}


def create_statement(table: str, name: str) -> str:
    """The CREATE TABLE statement for the ledger's `table` under its full `name`.

    Delta keeps the tables append-only: an UPDATE or DELETE by hand is refused, not only unusual.
    """
    definition = TABLES[table]
    return (
        f"CREATE TABLE IF NOT EXISTS {name} ({_declared(definition.columns)}) USING DELTA "
        f"COMMENT '{_quoted(definition.comment)}' TBLPROPERTIES ('delta.appendOnly' = 'true')"
    )


def add_columns_statement(table: str, name: str, there: Collection[str]) -> str | None:
    """The ALTER TABLE statement for the columns that are not `there` yet, NULL in rows from before; None if all are."""
    missing = {column: declared for column, declared in TABLES[table].columns.items() if column not in there}
    return f"ALTER TABLE {name} ADD COLUMNS ({_declared(missing)})" if missing else None


def _declared(columns: Mapping[str, tuple[str, str]]) -> str:
    return ", ".join(f"{column} {type_} COMMENT '{_quoted(comment)}'" for column, (type_, comment) in columns.items())


def _quoted(text: str) -> str:
    return text.replace("'", "\\'")
