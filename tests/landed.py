"""Short ways to write what lands. Rows have every column, so that a test names only what it is about."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from payouts import schemas
from payouts.rows.content import with_content_hash
from payouts.rows.landing import landed_rows
from payouts.rows.states import judged_states, quarantined_rows
from payouts.rules import dropped

FIRST_LOAD = "2026-01-10T06:00:00Z"


def moment(text: str) -> datetime:
    """An aware datetime of an ISO text; a date alone is its noon in UTC."""
    return datetime.fromisoformat(text if len(text) > 10 else f"{text}T12:00:00Z").astimezone(UTC)


def instant(text: str) -> str:
    return text if len(text) > 10 else f"{text}T12:00:00Z"


def order(order_id: object, status: str = "delivered", event_at: str = "2026-01-01", **changes) -> dict:
    """A valid state of an order of 100.00 EUR by seller s1."""
    row = {"order_id": order_id, "seller_id": "s1", "buyer_country": "DE", "currency": "EUR", "gross_amount": "100.00"}
    return row | {"status": status, "event_at": instant(event_at)} | changes


def refund(refund_id: object, order_id: object, refunded_at: str = "2026-01-02", **changes) -> dict:
    """A valid refund of 10.00 EUR."""
    row = {"refund_id": refund_id, "order_id": order_id, "currency": "EUR", "refund_amount": "10.00"}
    return row | {"reason": "damaged", "refunded_at": instant(refunded_at)} | changes


def seller(seller_id: object = "s1", changed_at: str = "2025-12-01", sequence_number: object = 1, **changes) -> dict:
    """A valid seller who pays a fee of 10 %."""
    row = {"seller_id": seller_id, "operation": "UPSERT", "sequence_number": sequence_number, "legal_name": "One Ltd"}
    row |= {"country": "DE", "payout_currency": "EUR", "payout_account": "DE89370400440532013000"}
    return row | {"fee_bps": 1000, "is_suspended": False, "changed_at": instant(changed_at)} | changes


def delete(seller_id: object, changed_at: str, sequence_number: object) -> dict:
    """The end of a seller."""
    row = {"seller_id": seller_id, "operation": "DELETE", "sequence_number": sequence_number}
    return row | {"changed_at": instant(changed_at)}


@dataclass(frozen=True)
class File:
    """A landing file. `lines` are bytes as they stand in it; a dictionary becomes a line of JSON."""

    lines: Iterable[dict | bytes]
    ingested_at: str = FIRST_LOAD
    path: str = "a.json"
    modified_at: str = FIRST_LOAD


def bronze(spark: SparkSession, source: schemas.Source, *files: File) -> DataFrame:
    """The bronze table of some files, each read at its own time. Its rows are fixed, as those of a table are.

    Lines of bytes are parsed by the product; a dictionary is the row that it makes, so it need not be parsed.
    """
    table = []
    for file in files:
        when = (moment(file.modified_at), moment(file.ingested_at))
        for line in file.lines:
            if isinstance(line, dict):
                table.append((*_landed_texts(line, source), None, file.path, *when, str(uuid.uuid4())))
    raw = [
        (number, bytearray(line)) for number, file in enumerate(files) for line in file.lines if isinstance(line, bytes)
    ]
    for number, *row in _parsed(spark, source, raw) if raw else []:
        file = files[number]
        table.append((*row, file.path, moment(file.modified_at), moment(file.ingested_at), str(uuid.uuid4())))
    columns = schemas.bronze_schema(source).removesuffix(f", {schemas.CONTENT_HASH} STRING")
    return with_content_hash(spark.createDataFrame(table, columns), source)


def _landed_texts(row: dict, source: schemas.Source) -> list[str | None]:
    """The declared columns as text, then `_rescued_data`."""
    texts = {
        name: value if value is None or isinstance(value, str) else json.dumps(value) for name, value in row.items()
    }
    unknown = {name: text for name, text in texts.items() if name not in source.columns}
    return [*(texts.get(name) for name in source.columns), json.dumps(unknown) if unknown else None]


def _parsed(spark: SparkSession, source: schemas.Source, lines: list[tuple[int, bytearray]]) -> list[tuple]:
    """Per row its file's number, the declared columns, `_rescued_data` and `_corrupt_record`."""
    raw = spark.createDataFrame(lines, "file INT, line BINARY").select(
        F.col("line").cast("string").alias("value"),
        F.col("file").cast("string").alias("_file_path"),
        F.current_timestamp().alias("_file_modified_at"),
    )
    columns = [*source.columns, "_rescued_data", "_corrupt_record"]
    rows = landed_rows(raw, source).select(F.col("_file_path").cast("int"), *columns).collect()
    return [tuple(row) for row in rows]


@dataclass(frozen=True)
class Silver:
    """What the pipeline makes of one source's files, computed in one go."""

    landed: DataFrame
    states: DataFrame
    quarantine: DataFrame


def silver(spark: SparkSession, source: schemas.Source, *files: File) -> Silver:
    """Bronze, states and quarantine of some files."""
    landed = bronze(spark, source, *files)
    states = valid(judged_states(landed, landed, source), source).localCheckpoint()
    return Silver(landed, states, quarantined_rows(landed, landed, source))


def valid(judged: DataFrame, source: schemas.Source) -> DataFrame:
    """What `expect_all_or_drop` leaves."""
    return judged.where(" AND ".join(f"({predicate})" for predicate in dropped(source).values()))
