"""The ledger in Delta tables, by Spark SQL and DataFrames only: the same code runs on Spark Connect and serverless.

Claims are added by MERGE on the effect key; two writers that do so at once conflict, and one of them fails before it
has sent anything. Everything else is appended, which never conflicts; a closing balance only if its attempt has none.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from payouts.ledger.protocol import PENDING, RELEASED, STATE_AFTER, State
from payouts.ledger.records import (
    Claim,
    ClaimStatus,
    ClosingFigure,
    ExpectationCount,
    Hold,
    PayoutEvent,
    Position,
    Settlement,
    Verdict,
    record_of,
    row_of,
)
from payouts.ledger.schema import TABLES, add_columns_statement, create_statement
from payouts.ledger.store import newest_attempt
from payouts.table_names import table_names

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATE_OF_EVENT = "CASE event {} END".format(
    " ".join(f"WHEN '{event}' THEN {int(state)}" for event, state in STATE_AFTER.items())
)


class DeltaLedger:
    """The ledger in the schema `catalog`.`schema`."""

    def __init__(self, spark: SparkSession, catalog: str, schema: str):
        self._spark = spark
        self._schema = f"`{catalog}`.`{schema}`"

    def create(self) -> None:
        there = table_names(self._spark, self._schema)
        for table in TABLES:
            if table not in there:
                self._spark.sql(create_statement(table, self.name(table)))
        if "settlements" in there:  # it has a column per source, and a source may be new
            columns = self._spark.table(self.name("settlements")).columns
            if statement := add_columns_statement("settlements", self.name("settlements"), columns):
                self._spark.sql(statement)

    def name(self, table: str) -> str:
        """The full name of a table of the ledger."""
        return f"{self._schema}.{table}"

    def exists(self, table: str) -> bool:
        """Whether the table has been created."""
        return self._spark.catalog.tableExists(self.name(table))

    def settlements(self) -> list[Settlement]:
        return self._records(Settlement, "settlements") if self.exists("settlements") else []

    def add_settlement(self, settlement: Settlement) -> None:
        self._append("settlements", [settlement])

    def add_claims(self, claims: Sequence[Claim]) -> None:
        if not claims:
            return
        self._spark.sql(
            f"MERGE INTO {self.name('payout_claims')} AS known USING {{claims}} AS new "
            "ON known.effect_key = new.effect_key WHEN NOT MATCHED THEN INSERT *",
            claims=self._frame("payout_claims", claims),
        ).collect()

    def add_events(self, events: Sequence[PayoutEvent]) -> None:
        self._append("payout_events", events)

    def add_holds(self, holds: Sequence[Hold]) -> None:
        self._append("payout_holds", holds)

    def add_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        self._append("quality_verdicts", verdicts)

    def holds(self, plan_id: str) -> list[Hold]:
        return self._records(Hold, "payout_holds", F.col("plan_id") == plan_id)

    def verdicts(self, settlement_date: date) -> list[Verdict]:
        of_date = self._records(Verdict, "quality_verdicts", F.col("settlement_date") == F.lit(settlement_date))
        newest = max((row.judged_at for row in of_date), default=None)
        return sorted((row for row in of_date if row.judged_at == newest), key=lambda row: row.source)

    def positions(self, settlement_date: date) -> list[Position]:
        counts = ~_is(RELEASED) & (F.col("settlement_date") <= F.lit(settlement_date))
        rows = (
            self._statuses()
            .groupBy("seller_id", "currency")
            .agg(
                F.sum(F.when(counts, F.col("amount")).otherwise(F.lit(Decimal(0)))).alias("claimed"),
                F.max(F.col("settlement_date") == F.lit(settlement_date)).alias("has_date"),
                F.collect_set(F.when(_is({State.REJECTED}), F.col("payout_account"))).alias("rejected_accounts"),
            )
            .collect()
        )
        return sorted(
            (Position(**{**row.asDict(), "rejected_accounts": frozenset(row.rejected_accounts)}) for row in rows),
            key=lambda position: (position.seller_id, position.currency),
        )

    def claims(self) -> list[ClaimStatus]:
        return self._claim_statuses(F.lit(True))

    def events(self) -> list[PayoutEvent]:
        return sorted(self._records(PayoutEvent, "payout_events"), key=lambda row: (row.effect_key, row.occurred_at))

    def pending_claims(self, lower: str = "", upper: str = "") -> list[ClaimStatus]:
        in_range = F.col("effect_key") >= lower
        return self._claim_statuses(_is(PENDING) & (in_range & (F.col("effect_key") < upper) if upper else in_range))

    def claims_concerning(self, settlement_date: date) -> list[ClaimStatus]:
        return self._claim_statuses(_is(PENDING) | (F.col("settlement_date") == F.lit(settlement_date)))

    def claims_named(self, effect_keys: Iterable[str]) -> list[ClaimStatus]:
        return self._claim_statuses(F.col("effect_key").isin(sorted(effect_keys)))

    def unconfirmed_claims(self) -> list[ClaimStatus]:
        return self._claim_statuses(_is(PENDING | {State.CANCELLED}))

    def add_closing_figures(self, figures: Sequence[ClosingFigure]) -> None:
        attempts = sorted({row.attempt_key for row in figures})
        of_attempts = self._spark.table(self.name("closing_balances")).where(F.col("attempt_key").isin(attempts))
        known = {row.attempt_key for row in of_attempts.select("attempt_key").distinct().collect()}
        self._append("closing_balances", [row for row in figures if row.attempt_key not in known])

    def closing_figures(self, settlement_date: date | None) -> list[ClosingFigure]:
        of_date = F.col("settlement_date").eqNullSafe(F.lit(settlement_date))
        return newest_attempt(self._records(ClosingFigure, "closing_balances", of_date))

    def add_expectation_counts(self, counts: Sequence[ExpectationCount]) -> None:
        self._append("data_quality", counts)

    def counted_updates(self) -> set[str]:
        updates = self._spark.table(self.name("data_quality")).select("update_id").distinct()
        return {row.update_id for row in updates.collect()}

    def _statuses(self) -> DataFrame:
        """One row per claim with what its events say; the state is the strongest event, as in `protocol`."""
        return self._spark.sql(f"""
            WITH derived AS (
                SELECT effect_key, max({_STATE_OF_EVENT}) AS state,
                       min(CASE WHEN event IN ('REJECTED', 'CANCELLED') THEN occurred_at END) AS released_at
                FROM {self.name("payout_events")} GROUP BY effect_key)
            SELECT claims.*, coalesce(state, {int(State.CLAIMED)}) AS state, state IS NOT NULL AS has_events,
                   released_at
            FROM {self.name("payout_claims")} AS claims LEFT JOIN derived USING (effect_key)""")

    def _claim_statuses(self, condition: Column) -> list[ClaimStatus]:
        pair = "OVER (PARTITION BY seller_id, currency)"
        unreleased = f"CASE WHEN state IN ({', '.join(str(int(state)) for state in RELEASED)}) THEN 0 ELSE amount END"
        exceeds = F.expr(f"sum({unreleased}) {pair} > max_by(entitled_amount, settlement_date) {pair}")
        copies = F.expr("count(*) OVER (PARTITION BY seller_id, currency, effect_key)")
        derived = {"exceeds_entitlement": exceeds, "copies": copies}
        frame = self._statuses().withColumns(derived).where(condition)
        return sorted(
            (
                ClaimStatus(
                    claim=record_of(Claim, row),
                    state=State(row["state"]),
                    copies=row["copies"],
                    has_events=row["has_events"],
                    released_at=row["released_at"],
                    exceeds_entitlement=row["exceeds_entitlement"],
                )
                for row in _collect(frame)
            ),
            key=lambda status: status.claim.effect_key,
        )

    def _append(self, table: str, records: Sequence[Any]) -> None:
        if records:
            # One file a commit: the events of a batch are read again by every step that follows.
            self._frame(table, records).coalesce(1).writeTo(self.name(table)).append()

    def _frame(self, table: str, records: Sequence[Any]) -> DataFrame:
        columns = TABLES[table].columns
        schema = ", ".join(f"{name} {'BIGINT' if t == 'TIMESTAMP' else t}" for name, (t, _) in columns.items())
        rows = [tuple(_stored(row[name]) for name in columns) for row in map(row_of, records)]
        return self._spark.createDataFrame(rows, schema).select(
            *(
                F.timestamp_micros(name).alias(name) if t == "TIMESTAMP" else F.col(name)
                for name, (t, _) in columns.items()
            )
        )

    def _records(self, record: type, table: str, condition: Column | None = None) -> list[Any]:
        frame = self._spark.table(self.name(table))
        return [record_of(record, row) for row in _collect(frame if condition is None else frame.where(condition))]


def _is(states: Iterable[State]) -> Column:
    return F.col("state").isin([int(state) for state in states])


def _collect(frame: DataFrame) -> list[dict[str, Any]]:
    # Instants travel as microseconds: collected timestamps come back in the zone of whoever collects.
    instants = [name for name, type_ in frame.dtypes if type_ == "timestamp"]
    rows = frame.withColumns({name: F.unix_micros(name) for name in instants}) if instants else frame
    return [row.asDict() | {name: _instant(row[name]) for name in instants} for row in rows.collect()]


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else _EPOCH + timedelta(microseconds=micros)


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(microseconds=1)
    return str(value) if isinstance(value, StrEnum) else value
