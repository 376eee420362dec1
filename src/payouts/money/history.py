"""Which version of a seller was valid when."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from payouts.schemas import SELLERS

TOMBSTONE_SECONDS = 90 * 86_400  # longer than any lateness that we know
VERSION_COLUMNS = tuple(name for name in SELLERS.columns if name != "operation")


def sequence() -> Column:
    """What orders the changes of a seller, for AUTO CDC's `sequence_by` too: no two changes of a seller tie."""
    return F.struct(*SELLERS.newest_by)


def sellers_history(seller_changes: DataFrame) -> DataFrame:
    """The versions of each seller, as AUTO CDC keeps them with `stored_as_scd_type=2`.

    Grain: one row per UPSERT. A DELETE makes no version and ends the one before it.

    Returns:
        The declared columns without `operation`, `__START_AT` and `__END_AT`, both of the type of `sequence()`; a
        version that is still valid has a NULL `__END_AT`.
    """
    own = sequence()
    in_order = Window.partitionBy("seller_id").orderBy(own)
    versions = seller_changes.select("*", own.alias("__START_AT"), F.lead(own).over(in_order).alias("__END_AT"))
    return versions.where("operation = 'UPSERT'").select(*VERSION_COLUMNS, "__START_AT", "__END_AT")


def valid_at(instant: Column) -> Column:
    """True for the version valid at an instant: from its `changed_at`, inclusive, to the next one's, exclusive."""
    start, end = F.col("__START_AT.changed_at"), F.col("__END_AT.changed_at")
    return (start <= instant) & (end.isNull() | (instant < end))
