"""What a bronze row says: its typed values, and its content, by which copies are told from changes."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from payouts.casts import canonical, plain_amount, typed
from payouts.rules import STATUS_RANKS
from payouts.schemas import LANDING_COLUMNS, Kind, Source

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
    landed = rows.select(F.struct(*source.columns).alias("_landed"), *LANDING_COLUMNS)
    texts = {name: F.col(f"_landed.{name}") for name in source.columns}
    canonicals = {name: canonical(texts[name], kind) for name, kind in source.columns.items()}
    unparsed = [
        F.when(texts[name].isNotNull() & canonicals[name].isNull(), F.lit(name))
        for name, kind in source.columns.items()
        if kind is not Kind.TEXT
    ]
    columns = [typed(texts[name], kind).alias(name) for name, kind in source.columns.items()]
    if source.amount:
        columns.append(plain_amount(texts[source.amount]).alias(source.amount_text))
    if "status_rank" in source.tie_breakers:
        columns.append(_status_rank(texts["status"]).alias("status_rank"))
    read = landed.select(
        *columns,
        F.when(F.col("_corrupt_record").isNotNull(), F.array(*[F.lit(name) for name in source.columns]))
        .otherwise(F.array_compact(F.array(*unparsed)))
        .alias("_unparsed_columns"),
        "_landed",
        _joined(canonicals).alias("_canonical"),
        *LANDING_COLUMNS,
    )
    return read.select("*", _content(source).alias("content"))


def _content(source: Source) -> Column:
    """Canonical text of a row that is about something; of any other, what landed."""
    keyless = F.coalesce(F.col(f"_landed.{source.key}").rlike(BLANK_KEY), F.lit(True))
    as_landed = _joined({name: F.col(f"_landed.{name}") for name in source.columns})
    return (
        F.when(F.col("_corrupt_record").isNotNull(), F.col("_corrupt_record"))
        .when(keyless | (F.size("_unparsed_columns") > 0), as_landed)
        .otherwise(F.col("_canonical"))
    )


def _joined(texts: dict[str, Column]) -> Column:
    return F.concat_ws(SEPARATOR, *[F.coalesce(text, F.lit(NULL_TEXT)) for text in texts.values()])


def _status_rank(status: Column) -> Column:
    """Of states with one time, a cancellation is newer than a delivery, and a delivery than a placement."""
    rank = F.lit(None).cast("int")
    for name, value in STATUS_RANKS.items():
        rank = F.when(status == name, F.lit(value)).otherwise(rank)
    return rank
