"""The pipeline's tables without its engine: every dataset's function, called once on landed lines."""

from datetime import datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from payouts.money.entries import balance_entries
from payouts.money.history import VERSION_COLUMNS, sellers_history
from payouts.money.unmatched import unmatched_facts
from payouts.rows.landing import landed_rows
from payouts.rows.states import judged_states, newest_states, quarantined_rows
from payouts.rules import dropped
from payouts.schemas import SELLERS, SOURCES, Source

TIMEZONE = "Europe/Berlin"


def write_tables(spark: SparkSession, schema: str, landing: dict[str, str], ingested_at: datetime) -> None:
    """Writes all tables that the job reads, as Parquet: they are only read."""

    def write(name: str, frame: DataFrame) -> DataFrame:
        frame.coalesce(1).write.format("parquet").mode("overwrite").saveAsTable(f"{schema}.{name}")
        return spark.table(f"{schema}.{name}")

    for source in SOURCES:
        bronze = write(source.bronze, _bronze(spark, landing, source, ingested_at))
        valid = " AND ".join(f"({predicate})" for predicate in dropped(source).values())
        write(source.states, judged_states(bronze, bronze, source).where(valid))
        write(source.quarantine, quarantined_rows(bronze, bronze, source))
    write("ingested_to", _ingested_to(spark, schema))
    states = {source: spark.table(f"{schema}.{source.states}") for source in SOURCES}
    history = sellers_history(states[SELLERS])
    write("balance_entries", balance_entries(states, history, TIMEZONE))
    write("unmatched_facts", unmatched_facts(states, history, TIMEZONE))
    newest = newest_states(states[SELLERS], SELLERS)
    write("sellers", newest.where("operation = 'UPSERT'").select(*VERSION_COLUMNS))


def _ingested_to(spark: SparkSession, schema: str) -> DataFrame:
    newest = [
        f"SELECT '{source.name}' AS source, max(_ingested_at) AS ingested_to FROM {schema}.{source.bronze}"
        for source in SOURCES
    ]
    return spark.sql(" UNION ALL ".join(newest))


def _bronze(spark: SparkSession, landing: dict[str, str], source: Source, ingested_at: datetime) -> DataFrame:
    lines = [
        (line, path, ingested_at)
        for path, content in landing.items()
        if path.startswith(f"{source.name}/")
        for line in content.splitlines()
    ]
    frame = spark.createDataFrame(lines, "value string, _file_path string, _file_modified_at timestamp")
    return landed_rows(frame, source).withColumn("_ingested_at", F.lit(ingested_at))
