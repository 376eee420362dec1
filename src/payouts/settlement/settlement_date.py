"""The settlement date of a run: given, or the day before the run was triggered."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from payouts.errors import InvalidParameter


def settlement_date(given: str, triggered_at: str, timezone: str) -> date:
    """Derives the date that a run settles.

    A repair after midnight has the run's trigger time, so it settles the same date.

    Args:
        given: The job parameter, `YYYY-MM-DD` or empty.
        triggered_at: The run's trigger time, ISO 8601; without an offset it is UTC.
        timezone: The zone whose midnight ends a business day, as `Europe/Berlin`.

    Raises:
        InvalidParameter: One of them cannot be read.
    """
    if given.strip():
        return parse_date("settlement_date", given)
    return local_day(_instant(triggered_at), timezone) - timedelta(days=1)


def local_day(instant: datetime, timezone: str) -> date:
    """The calendar day of an instant in a zone.

    Raises:
        InvalidParameter: No such zone.
    """
    try:
        return instant.astimezone(ZoneInfo(timezone)).date()
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidParameter(f"--settlement_timezone={timezone}: no such time zone") from error


def parse_date(name: str, text: str) -> date:
    """Reads `YYYY-MM-DD`.

    Raises:
        InvalidParameter: Something else, for example a `{{reference}}` that found no value.
    """
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").date()
    except ValueError as error:
        raise InvalidParameter(f"--{name}={text}: expected YYYY-MM-DD") from error


def dates_between(first: date, last: date) -> list[date]:
    """All days of a range, both ends included, ascending.

    Raises:
        InvalidParameter: The range ends before it begins.
    """
    if last < first:
        raise InvalidParameter(f"--to_date={last} is before --from_date={first}")
    return [first + timedelta(days=days) for days in range((last - first).days + 1)]


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidParameter(f"--triggered_at={text}: expected an ISO 8601 time") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
