"""The arguments that tasks share; every module in this package has a `parser()` made of these."""

import argparse
from datetime import date
from decimal import Decimal, InvalidOperation

from payouts.attempt import Attempt
from payouts.errors import InvalidParameter
from payouts.settlement_date import parse_date


def task_parser(description: str) -> argparse.ArgumentParser:
    """A parser with what every task gets that touches tables."""
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("--catalog", required=True)
    parser.add_argument("--pipeline_schema", required=True, help="schema of the pipeline's tables; only read")
    parser.add_argument("--ledger_schema", required=True, help="schema of the ledger")
    parser.add_argument("--run_id", default="", help="the job run, for audit")
    parser.add_argument("--attempt_key", default="", help="run, repair and execution, for audit; never for dedupe")
    return parser


def add_gateway(parser: argparse.ArgumentParser) -> None:
    """Adds where the gateway is."""
    parser.add_argument("--gateway_url", required=True, help="http(s)://… or file:/Volumes/…")
    parser.add_argument("--gateway_secret_scope", default="", help="scope of gateway_token; not needed for files")


def add_settlement_date(parser: argparse.ArgumentParser) -> None:
    """Adds the date that assess_quality has derived."""
    parser.add_argument("--settlement_date", type=_date, required=True, help="YYYY-MM-DD")


def attempt_of(arguments: argparse.Namespace) -> Attempt:
    """Who acts, from the arguments."""
    return Attempt(run_id=arguments.run_id, key=arguments.attempt_key)


def amount(text: str) -> Decimal:
    """A number that is not negative, as an argument type."""
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
    if not value.is_finite() or value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return value


def count(text: str) -> int:
    """A whole number that is not negative, as an argument type."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def _date(text: str) -> date:
    try:
        return parse_date("settlement_date", text)
    except InvalidParameter as error:
        raise argparse.ArgumentTypeError(str(error)) from error
