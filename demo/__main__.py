"""`python -m demo`, which is `make demo`: see --help."""

import argparse
import signal
import sys
from datetime import date
from pathlib import Path

from demo import own_files, three_days
from demo.errors import DemoError, WrongInput
from demo.kept_state import OWN_FILES, STORY, take_state
from demo.screen import Screen
from lakeflow_local import UserError

ROOT = Path(__file__).resolve().parents[1]


def parser() -> argparse.ArgumentParser:
    """The command line."""
    arguments = argparse.ArgumentParser(prog="demo", description="Three business days of payouts, or your own files.")
    arguments.add_argument(
        "--landing", help="settle the files of this folder instead: orders/, refunds/, sellers/ in it"
    )
    arguments.add_argument(
        "--dates", help="settlement dates, YYYY-MM-DD, separated by commas; default: the newest in it"
    )
    arguments.add_argument("--accept", default="0", help="accept so many quarantined rows, in each run")
    return arguments


def main() -> int:
    """Runs what was asked for; the exit code says whether all went as it should."""
    given = parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that Spark and the gateway end with us
    screen = Screen()
    try:
        return settle_own_files(given, screen) if given.landing else tell_story(given, screen)
    except DemoError as error:
        sys.stdout.flush()
        print(f"demo: {error}", file=sys.stderr)
        return error.exit_code
    except UserError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: stopped; the next call goes on from here", file=sys.stderr)
        return 130


def tell_story(given: argparse.Namespace, screen: Screen) -> int:
    """The three made-up days."""
    if given.dates or given.accept != "0":
        raise WrongInput("DATES and ACCEPT are for your own files: give LANDING=<folder> too")
    tell_of_state(take_state(ROOT / ".lakeflow", STORY), screen)
    three_days.play(ROOT, screen)
    return 0


def settle_own_files(given: argparse.Namespace, screen: Screen) -> int:
    """The files of a person's own."""
    landing = Path(given.landing).expanduser().resolve()
    dates = [read_date(text) for text in given.dates.split(",")] if given.dates else []
    if not given.accept.isascii() or not given.accept.isdigit():
        raise WrongInput(f"ACCEPT={given.accept}: a whole number of rows is expected")
    own_files.landed_files(landing)  # before anything is moved
    tell_of_state(take_state(ROOT / ".lakeflow", OWN_FILES), screen)
    return 0 if own_files.settle(ROOT, screen, landing, dates, int(given.accept)) else 1


def read_date(text: str) -> date:
    """A date of DATES.

    Raises:
        WrongInput: it is none.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise WrongInput(f"DATES: {text!r} is not a date as in 2026-01-03") from None


def tell_of_state(put_by: str | None, screen: Screen) -> None:
    """Says that another state has made room."""
    if put_by:
        name = put_by.replace("-", " ")
        screen.say(f"The state of the {name} is put by in .lakeflow/, and comes back when it is wanted again.", "dim")


if __name__ == "__main__":
    sys.exit(main())
