"""The arguments that tasks share; every module of a task has a `parser()` made of these.

No argument has a default: what decides about money stands in the YAML and nowhere else, and a line that is lost there
ends the task before it has touched anything.
"""

import argparse
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from payouts.errors import InvalidParameter
from payouts.settlement.attempt import Attempt
from payouts.settlement.settlement_date import parse_date


class TaskParser(argparse.ArgumentParser):
    """A parser whose errors are one line that says where the parameters of the task are set."""

    def __init__(self, task: str, description: str, job: str) -> None:
        super().__init__(prog=task, description=description, allow_abbrev=False)
        self._job = job

    def error(self, message: str) -> NoReturn:
        """Ends the task; the line becomes its message."""
        message = message.replace("the following arguments are required:", "missing parameters:")
        raise SystemExit(f"{self.prog}: {message} (set in resources/{self._job}.job.yml, parameters of the task)")


def task_parser(task: str, description: str) -> TaskParser:
    """A parser with what every task of daily_payouts gets that touches tables."""
    parser = TaskParser(task, description, "daily_payouts")
    parser.add_argument("--catalog", required=True)
    parser.add_argument("--pipeline_schema", required=True, help="schema of the pipeline's tables; only read")
    parser.add_argument("--ledger_schema", required=True, help="schema of the ledger")
    parser.add_argument("--run_id", required=True, help="the job run, for audit")
    parser.add_argument("--attempt_key", required=True, help="run, repair and execution; never tells payouts apart")
    return parser


def add_gateway(parser: argparse.ArgumentParser) -> None:
    """Adds where the gateway is."""
    parser.add_argument("--gateway_url", required=True, help="http(s)://… or file:/Volumes/…")
    parser.add_argument("--gateway_secret_scope", required=True, help="scope of gateway_token; not read for files")


def add_closing(parser: argparse.ArgumentParser) -> None:
    """Adds what a closing balance needs."""
    add_gateway(parser)
    parser.add_argument("--settlement_timezone", required=True)


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
