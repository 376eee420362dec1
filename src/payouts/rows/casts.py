"""From landed text to typed values, exactly: Spark's own casts accept more than the model does.

Each function works on the text alone, and looks at its form before a cast of Spark's, so that neither rounding nor a
session's time zone nor ANSI mode can change an answer. What does not cast is NULL.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from payouts.schemas import Kind

PLAIN_DECIMAL = r"\A-?[0-9]++(?:[.][0-9]++)?\z"
DIGITS = r"\A[0-9]++\z"
INSTANT_TEXT = (
    r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,6})?)?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])\z"
)
SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
MAX_DIGITS = 38  # more fit in no SQL number, and parsing them costs time that grows with their square


def exact(text: Column, kind: Kind) -> Column:
    """What a landed text says, before any rounding: NULL if it is absent or does not cast.

    An amount stays text (`plain_amount`), an instant is a number of microseconds (`micros`); others have their type.
    """
    match kind:
        case Kind.TEXT:
            return text
        case Kind.AMOUNT:
            return plain_amount(text)
        case Kind.INTEGER | Kind.LONG:
            digits = F.regexp_replace(text, r"\A0+([0-9])", "$1")
            return F.when(text.rlike(DIGITS) & (F.length(digits) <= MAX_DIGITS), digits.try_cast(kind.value))
        case Kind.FLAG:
            return F.when(text == "true", F.lit(True)).when(text == "false", F.lit(False))
        case Kind.INSTANT:
            return micros(text)


def typed(value: Column, kind: Kind) -> Column:
    """An exact value as the silver type. An amount of more digits is rounded, or NULL: no rule lets it pass."""
    match kind:
        case Kind.AMOUNT:
            return F.when(F.length(value) <= MAX_DIGITS, value.try_cast(kind.value))
        case Kind.INSTANT:
            return F.timestamp_micros(value)
        case _:
            return value


def canonical(value: Column, kind: Kind) -> Column:
    """The one spelling of an exact value."""
    match kind:
        case Kind.INTEGER | Kind.LONG | Kind.FLAG:
            return value.cast("string")
        case Kind.INSTANT:
            return instant_text(value)
        case _:
            return value


def plain_amount(text: Column) -> Column:
    """An amount in plain digits, without zeros that mean nothing: `-012.50` is `-12.5`, and both zeros are `0`."""
    whole = F.regexp_replace(text, r"\A(-?)0+([0-9])", "$1$2")
    short = F.when(whole.contains("."), F.rtrim(F.rtrim(whole, F.lit("0")), F.lit("."))).otherwise(whole)
    return F.when(text.rlike(PLAIN_DECIMAL), F.when(short == "-0", F.lit("0")).otherwise(short))


def micros(text: Column) -> Column:
    """Microseconds since 1970-01-01T00:00Z, of the only form that names an instant exactly.

    That is `YYYY-MM-DD`, `T` or a blank, `hh:mm[:ss[.1 to 6 digits]]`, `Z` or `±hh:mm`. A date that is not in the
    calendar is NULL. The years 0001 and 9999 are dates like any other.
    """
    # The zone apart: Spark's cast takes none beyond 18 hours, wants seconds, and is exact for what is left.
    is_utc = text.endswith("Z")
    seconds = F.substring(text, F.lit(17), F.length(text) - F.when(is_utc, F.lit(17)).otherwise(F.lit(22)))
    local = F.concat(F.substring(text, 1, 16), F.when(seconds == "", F.lit(":00")).otherwise(seconds), F.lit("Z"))
    zone = F.substring(text, -6, 6)
    sign = F.when(zone.startswith("-"), F.lit(-1)).otherwise(F.lit(1))
    offset = sign * (_number(F.substring(zone, 2, 2)) * 60 + _number(F.substring(zone, 5, 2)))
    instant = F.unix_micros(local.try_cast("timestamp")) - F.when(is_utc, F.lit(0)).otherwise(offset) * MINUTE
    return F.when(text.rlike(INSTANT_TEXT) & ~text.startswith("0000"), instant)


def instant_text(instant: Column) -> Column:
    """UTC with six decimals, of microseconds since 1970: `2026-01-03T23:30:00.000000Z`."""
    time = F.pmod(instant, F.lit(DAY))
    days = _divide(instant, DAY).cast("int")
    parts = [_divide(time, 60 * MINUTE), _divide(time, MINUTE) % 60, _divide(time, SECOND) % 60, time % SECOND]
    text = F.format_string("%sT%02d:%02d:%02d.%06dZ", F.date_from_unix_date(days).cast("string"), *parts)
    return F.when(instant.isNotNull(), text)


def _number(digits: Column) -> Column:
    return digits.try_cast("bigint")


def _divide(value: Column, by: int) -> Column:
    """Rounds down, in integers: a double has too few digits for microseconds."""
    return F.call_function("div", value - F.pmod(value, F.lit(by)), F.lit(by))
