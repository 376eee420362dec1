"""From landed text to typed values, exactly: Spark's own casts accept more than the model does.

Each function works on the text alone, with integer arithmetic for instants, so that neither rounding nor a session's
time zone nor ANSI mode can change an answer. What does not cast is NULL.
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
AFTER_MINUTES = r"\A.{16}(?::([0-9]{2})(?:[.]([0-9]{1,6}))?)?(?:Z|([+-])([0-9]{2}):([0-9]{2}))\z"
SECOND = 1_000_000
DAY = 86_400 * SECOND
MAX_DIGITS = 38  # more fit in no SQL number, and parsing them costs time that grows with their square


def typed(text: Column, kind: Kind) -> Column:
    """The value of a landed text as the silver type; an amount of too many digits is NULL here, but not for the rules."""
    match kind:
        case Kind.TEXT:
            return text
        case Kind.AMOUNT:
            plain = plain_amount(text)
            return F.when(F.length(plain) <= MAX_DIGITS, plain.try_cast(kind.value))
        case Kind.INTEGER | Kind.LONG:
            digits = F.regexp_replace(text, r"\A0+([0-9])", "$1")
            return F.when(text.rlike(DIGITS) & (F.length(digits) <= MAX_DIGITS), digits.try_cast(kind.value))
        case Kind.FLAG:
            return F.when(text == "true", F.lit(True)).when(text == "false", F.lit(False))
        case Kind.INSTANT:
            return F.timestamp_micros(micros(text))


def canonical(text: Column, kind: Kind) -> Column:
    """The one spelling of a landed text's value; NULL if the text is absent or does not cast."""
    match kind:
        case Kind.TEXT:
            return text
        case Kind.AMOUNT:
            return plain_amount(text)
        case Kind.INTEGER | Kind.LONG | Kind.FLAG:
            return typed(text, kind).cast("string")
        case Kind.INSTANT:
            return instant_text(micros(text))


def plain_amount(text: Column) -> Column:
    """An amount in plain digits, without zeros that mean nothing: `-012.50` is `-12.5`, and both zeros are `0`."""
    whole = F.regexp_replace(text, r"\A(-?)0+([0-9])", "$1$2")
    short = F.when(whole.contains("."), F.rtrim(F.rtrim(whole, F.lit("0")), F.lit("."))).otherwise(whole)
    return F.when(text.rlike(PLAIN_DECIMAL), F.when(short == "-0", F.lit("0")).otherwise(short))


def micros(text: Column) -> Column:
    """Microseconds since 1970-01-01T00:00Z of `YYYY-MM-DD`, `T` or a blank, `hh:mm[:ss[.1 to 6 digits]]`, `Z` or `±hh:mm`.

    A date that is not in the calendar is NULL. The years 0001 and 9999 are dates like any other.
    """
    date = F.substring(text, 1, 10)
    days = F.unix_date(F.when(~date.startswith("0000"), date.try_cast("date"))).cast("bigint")
    sign = F.when(_part(text, 3) == "-", F.lit(-1)).otherwise(F.lit(1))
    minutes = _number(F.substring(text, 12, 2)) * 60 + _number(F.substring(text, 15, 2))
    offset = sign * (_number(_part(text, 4)) * 60 + _number(_part(text, 5)))
    seconds = (minutes - offset) * 60 + _number(_part(text, 1))
    instant = days * DAY + seconds * SECOND + _number(F.rpad(_part(text, 2), 6, "0"))
    return F.when(text.rlike(INSTANT_TEXT), instant)


def instant_text(instant: Column) -> Column:
    """UTC with six decimals, of microseconds since 1970: `2026-01-03T23:30:00.000000Z`."""
    time = F.pmod(instant, F.lit(DAY))
    days = _divide(instant, DAY).cast("int")
    parts = [_divide(time, 3600 * SECOND), _divide(time, 60 * SECOND) % 60, _divide(time, SECOND) % 60, time % SECOND]
    text = F.format_string("%sT%02d:%02d:%02d.%06dZ", F.date_from_unix_date(days).cast("string"), *parts)
    return F.when(instant.isNotNull(), text)


def _part(text: Column, group: int) -> Column:
    return F.regexp_extract(text, AFTER_MINUTES, group)


def _number(digits: Column) -> Column:
    """0 where an optional part is absent."""
    return F.coalesce(digits.try_cast("bigint"), F.lit(0))


def _divide(value: Column, by: int) -> Column:
    """Rounds down, in integers: a double has too few digits for microseconds."""
    return F.call_function("div", value - F.pmod(value, F.lit(by)), F.lit(by))
