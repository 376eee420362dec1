"""Lands some days of made-up data, for a workspace that has none. Running it again changes nothing."""

import argparse
import os
import uuid
from datetime import timedelta
from pathlib import Path

from payouts.errors import InvalidParameter
from payouts.schemas import SOURCES
from payouts.seed import landing_files
from payouts.settlement.settlement_date import settlement_date
from payouts.tasks.arguments import TaskParser, count


def parser() -> argparse.ArgumentParser:
    """The arguments of this task."""
    arguments = TaskParser("seed_landing", __doc__, "seed_landing")
    arguments.add_argument("--landing_path", type=Path, required=True, help="volume with a folder per source")
    arguments.add_argument("--days", type=count, required=True, help="how many days, the last one before the trigger")
    arguments.add_argument("--seed", type=int, required=True)
    arguments.add_argument("--triggered_at", required=True, help="trigger time of the run, ISO 8601")
    arguments.add_argument("--settlement_timezone", required=True)
    return arguments


def main() -> None:
    """Writes the files that are not there yet: one that was ingested must not change."""
    arguments = parser().parse_args()
    if not arguments.days:
        raise InvalidParameter("--days=0: expected at least one day")
    last_day = settlement_date("", arguments.triggered_at, arguments.settlement_timezone)
    made = landing_files(
        days=arguments.days, last_day=last_day, timezone=arguments.settlement_timezone, seed=arguments.seed
    )
    for source in SOURCES:  # Auto Loader fails where a folder is missing, and not every source has made-up rows
        (arguments.landing_path / source.name).mkdir(parents=True, exist_ok=True)
    written = 0
    for name, content in made:
        path = arguments.landing_path / name
        if not path.exists():
            draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")  # which Auto Loader does not read
            draft.write_text(content, encoding="utf-8")
            os.replace(draft, path)  # half a file would be ingested as a broken one, and never be mended
            written += 1
    first_day = last_day - timedelta(days=arguments.days - 1)
    print(f"{written} new files for {first_day} to {last_day} in {arguments.landing_path}")


if __name__ == "__main__":
    main()
