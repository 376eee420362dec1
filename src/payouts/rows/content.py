"""What a bronze row says: its typed values, and its content, by which copies are told from changes."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from payouts.rows.casts import canonical, exact, typed
from payouts.rules import STATUS_RANKS
from payouts.schemas import CONTENT_HASH, LANDING_COLUMNS, Kind, Source

SEPARATOR = "\x1f"
NULL_TEXT = "\x00"
BLANK_KEY = r"\A[\s\p{Z}\p{Cc}]*\z"


def read_rows(rows: DataFrame, source: Source) -> DataFrame:
    """Reads bronze rows into typed columns, and says what could not be read.

    Grain: one row per bronze row.

    Returns:
        The typed declared columns; `status_rank` INT of an order; the amount's exact text; `content`;
        `_unparsed_columns`, the declared columns whose text does not cast (all of them, if the line is corrupt);
        `_landed` and `_canonical`, the declared columns as text; and LANDING_COLUMNS.
    """
    # In steps, and not in one select: an expression that is used three times is then planned and computed once.
    landed = rows.select(
        F.struct(*source.columns).alias("_landed"),
        F.struct(*[exact(F.col(name), kind).alias(name) for name, kind in source.columns.items()]).alias("_exact"),
        *LANDING_COLUMNS,
    )
    values = {name: F.col(f"_exact.{name}") for name in source.columns}
    read = landed.select(
        *[typed(values[name], kind).alias(name) for name, kind in source.columns.items()],
        *_derived(values, source),
        _unparsed(values, source).alias("_unparsed_columns"),
        "_landed",
        _joined([canonical(values[name], kind) for name, kind in source.columns.items()]).alias("_canonical"),
        *LANDING_COLUMNS,
    )
    return read.select("*", _content(source).alias("content"))


def with_content_hash(rows: DataFrame, source: Source) -> DataFrame:
    """Bronze rows with the hash by which later updates recognise their copies, without reading them again."""
    return read_rows(rows, source).select(
        *[F.col(f"_landed.{name}").alias(name) for name in source.columns],
        *LANDING_COLUMNS,
        F.sha2("content", 256).alias(CONTENT_HASH),
    )


def _derived(values: dict[str, Column], source: Source) -> list[Column]:
    derived = []
    if source.amount:
        derived.append(values[source.amount].alias(source.amount_text))
    if "status_rank" in source.tie_breakers:
        derived.append(_status_rank(values["status"]).alias("status_rank"))
    return derived


def _unparsed(values: dict[str, Column], source: Source) -> Column:
    lost = [
        F.when(F.col(f"_landed.{name}").isNotNull() & values[name].isNull(), F.lit(name))
        for name, kind in source.columns.items()
        if kind is not Kind.TEXT
    ]
    every = F.array(*[F.lit(name) for name in source.columns])
    return F.when(F.col("_corrupt_record").isNotNull(), every).otherwise(F.array_compact(F.array(*lost)))


def _content(source: Source) -> Column:
    """Canonical text of a row that is about something; of any other, what landed."""
    keyless = F.coalesce(F.col(f"_landed.{source.key}").rlike(BLANK_KEY), F.lit(True))
    as_landed = _joined([F.col(f"_landed.{name}") for name in source.columns])
    return (
        F.when(F.col("_corrupt_record").isNotNull(), F.col("_corrupt_record"))
        .when(keyless | (F.size("_unparsed_columns") > 0), as_landed)
        .otherwise(F.col("_canonical"))
    )


def _joined(texts: list[Column]) -> Column:
    return F.concat_ws(SEPARATOR, *[F.coalesce(text, F.lit(NULL_TEXT)) for text in texts])


def _status_rank(status: Column) -> Column:
    """Of states with one time, a cancellation is newer than a delivery, and a delivery than a placement."""
    rank = F.lit(None).cast("int")
    for name, value in STATUS_RANKS.items():
        rank = F.when(status == name, F.lit(value)).otherwise(rank)
    return rank
