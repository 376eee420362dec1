"""Lists the settlement dates of a backfill, ascending: a later date closes the ones before it.

Task value: settlement_dates (a list of YYYY-MM-DD, for the for-each).
"""

import argparse

from payouts.settlement.settlement_date import dates_between, parse_date
from payouts.tasks.arguments import TaskParser
from payouts.tasks.context import set_task_value


def parser() -> argparse.ArgumentParser:
    """The arguments of this task."""
    arguments = TaskParser("list_settlement_dates", __doc__.splitlines()[0], "backfill_settlement")
    arguments.add_argument("--from_date", required=True, help="first date, YYYY-MM-DD")
    arguments.add_argument("--to_date", required=True, help="last date, YYYY-MM-DD")
    return arguments


def main() -> None:
    """Sets the list."""
    arguments = parser().parse_args()
    dates = dates_between(parse_date("from_date", arguments.from_date), parse_date("to_date", arguments.to_date))
    print(f"{len(dates)} dates, {dates[0]} to {dates[-1]}")
    set_task_value("settlement_dates", [day.isoformat() for day in dates])


if __name__ == "__main__":
    main()
