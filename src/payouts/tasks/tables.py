"""The pipeline's tables as the tasks read them: which tables, in as few passes as there are questions."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property, reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from payouts.ledger import SellerCurrency, Settlement
from payouts.money.entitlement import entitled
from payouts.rows.quarantine import window_counts
from payouts.rows.states import newest_state_day
from payouts.schemas import ORDERS, SOURCES, Source
from payouts.settlement.gate import Figure
from payouts.settlement.plan_facts import (
    PlanFacts,
    entitled_amounts,
    known_sellers,
    payable_sellers,
    seller_entitlements,
)
from payouts.table_names import table_names


class PipelineTables:
    """The tables of the schema `catalog`.`schema`, which the pipeline owns."""

    def __init__(self, spark: SparkSession, catalog: str, schema: str):
        self._spark = spark
        self._schema = f"`{catalog}`.`{schema}`"

    def exists(self, *tables: str) -> bool:
        """Whether all of these tables are there, as the first call finds them."""
        return self._names.issuperset(map(str.lower, tables))

    @cached_property
    def _names(self) -> frozenset[str]:
        return table_names(self._spark, self._schema)

    def read(self, table: str) -> DataFrame:
        """A table, by its name in the pipeline."""
        return self._spark.table(f"{self._schema}.{table}")

    def plan_facts(self, settlement_date: date) -> PlanFacts:
        """What a plan needs, in two queries."""
        ingested_to = self.ingested_to()
        rows = seller_entitlements(self.read("balance_entries"), self.read("sellers"), settlement_date).collect()
        return PlanFacts(entitled=entitled_amounts(rows), sellers=known_sellers(rows), ingested_to=ingested_to)

    def entitled(self, settlement_date: date) -> dict[SellerCurrency, Decimal]:
        """entitled(D) per seller and currency."""
        return entitled_amounts(entitled(self.read("balance_entries"), settlement_date).collect())

    def unpayable_sellers(self, seller_ids: set[str]) -> set[str]:
        """Of some sellers, those who are suspended or deleted now."""
        rows = self.read("sellers").where(F.col("seller_id").isin(sorted(seller_ids))).collect()
        return seller_ids - payable_sellers(rows)

    def window_figures(self, since: Settlement | None, timezone: str) -> tuple[dict[str, Figure | None], date | None]:
        """The gate's figures per source, None where a table is missing, and the day of the newest valid order state.

        Args:
            since: The newest settlement, whose `ingested_to` begins the window; None for all that landed.
            timezone: The zone of business days.
        """
        there = [source for source in SOURCES if self.exists(source.states, source.quarantine)]
        figures: dict[str, Figure | None] = dict.fromkeys(source.name for source in SOURCES)
        if not there:
            return figures, None
        rows = reduce(DataFrame.unionByName, (self._window(source, since, timezone) for source in there)).collect()
        for row in rows:
            figures[row.source] = Figure(row.window_rows, row.open_quarantined)
        return figures, next((row.newest_day for row in rows if row.source == ORDERS.name), None)

    def ingested_to(self) -> Mapping[str, datetime | None]:
        """Newest ingestion that gold rests on, by source."""
        watermarks = self.read("ingested_to").select("source", F.unix_micros("ingested_to").alias("micros"))
        return {row.source: _instant(row.micros) for row in watermarks.collect()}

    def _window(self, source: Source, since: Settlement | None, timezone: str) -> DataFrame:
        states = self.read(source.states)
        bound = since.ingested_to[source.name] if since else None
        counts = window_counts(states, self.read(source.quarantine), source, bound)
        counts = counts.withColumn("newest_day", F.lit(None).cast("date"))
        if source is ORDERS:
            counts = counts.unionByName(newest_state_day(states, timezone), allowMissingColumns=True)
        columns = ("window_rows", "open_quarantined", "newest_day")
        return counts.agg(*[F.max(name).alias(name) for name in columns]).select(
            F.lit(source.name).alias("source"), *columns
        )


def _instant(micros: int | None) -> datetime | None:
    return (
        None
        if micros is None
        else datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
    )
