"""Silver: of every content the first copy, judged by the rules: valid rows here, the others in quarantine."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from payouts.amounts import local_date
from payouts.rows.content import read_rows
from payouts.rules import dropped
from payouts.schemas import CONTENT_HASH, ORDERS, Source

PROVENANCE = ("_rescued_data", "_file_path", "_file_modified_at", "_ingested_at")
ARRIVAL = ("_ingested_at", "_file_modified_at", "_file_path", "_row_id")


def judged_states(rows: DataFrame, landed: DataFrame, source: Source) -> DataFrame:
    """The first copies among some bronze rows, typed, for the states table's expectations to judge.

    Grain: one row per content whose first copy is among `rows`. Further copies are redelivered and appear nowhere.

    Args:
        rows: new bronze rows, a stream on the pipeline.
        landed: the whole bronze table, read statically: a row is first if nothing in it came earlier, so the answer
            does not depend on how rows were cut into updates, and no state grows.
        source: whose rows they are.

    Returns:
        The typed declared columns, `status_rank` (orders), `content`, the amount's text, `_unparsed_columns`,
        `_corrupt_record` and PROVENANCE. `_unparsed_columns` and `_corrupt_record` are empty in every valid row.
    """
    return _select_states(_first_copies(rows, landed, source), source)


def quarantined_rows(rows: DataFrame, landed: DataFrame, source: Source) -> DataFrame:
    """The first copies that break a drop rule, with the names of all that they broke.

    Grain: one row per content. Same arguments as `judged_states`, and its exact complement.

    Returns:
        The declared columns as landed (STRING), `broken_rules` ARRAY<STRING> in the order of the list, `content`,
        `_unparsed_columns`, `_corrupt_record` and PROVENANCE.
    """
    judged = _first_copies(rows, landed, source).select("*", broken_rules(source).alias("broken_rules"))
    return judged.where(F.size("broken_rules") > 0).select(
        *[F.col(f"_landed.{name}").alias(name) for name in source.columns],
        "broken_rules",
        "content",
        "_unparsed_columns",
        "_corrupt_record",
        *PROVENANCE,
    )


def broken_rules(source: Source) -> Column:
    """The names of the drop rules that a row breaks: an empty array for a valid row, never NULL."""
    names = [F.when(~F.expr(predicate), F.lit(name)) for name, predicate in dropped(source).items()]
    return F.array_compact(F.array(*names))


def _first_copies(rows: DataFrame, landed: DataFrame, source: Source) -> DataFrame:
    copies = landed.groupBy(CONTENT_HASH).agg(F.min(F.struct(*ARRIVAL)).alias("first"))
    first = copies.select(F.col("first._row_id").alias("_row_id"))
    return read_rows(rows, source).join(first, on="_row_id", how="inner")


def _select_states(rows: DataFrame, source: Source) -> DataFrame:
    extra = []
    if "status_rank" in source.tie_breakers:
        extra.append("status_rank")
    if source.amount_text:
        extra.append(source.amount_text)
    return rows.select(*source.columns, *extra, "content", "_unparsed_columns", "_corrupt_record", *PROVENANCE)


def newest_states(states: DataFrame, source: Source) -> DataFrame:
    """The newest state of each key, by `source.newest_by`: what AUTO CDC keeps, before deletes.

    Grain: one row per key. Contents of a key differ, so the order has no ties.
    """
    return states.select("*", newest_first(source).alias("_position")).where("_position = 1").select(*states.columns)


def newest_first(source: Source) -> Column:
    """The place of a state among those of its key, by `source.newest_by`: 1 for the newest."""
    order = [F.col(name).desc() for name in source.newest_by]
    return F.row_number().over(Window.partitionBy(source.key).orderBy(*order))


def newest_state_day(order_states: DataFrame, settlement_timezone: str) -> DataFrame:
    """The day of the newest valid order state: no later date can be settled.

    Returns:
        One row: `newest_day` DATE, NULL if there is no order.
    """
    return order_states.agg(local_date(F.max(ORDERS.clock), settlement_timezone).alias("newest_day"))
