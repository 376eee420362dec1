"""Options that several subcommands share, and how their texts are read."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model.retries import ServerlessRetries

if TYPE_CHECKING:
    from lakeflow_local.jobs.model.state import RunOptions

target = click.option("-t", "--target", help="The target; by default the bundle's default one.")
variables = click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="Sets a bundle variable.")
output = click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
params = click.option(
    "--params", multiple=True, metavar="K=V,…", help="Job parameters; a value with a comma in double quotes."
)


skip_unsupported = click.option(
    "--skip-unsupported", is_flag=True, help="Disable the tasks that cannot run here, instead of refusing the job."
)


no_workspace = click.option(
    "--no-workspace", is_flag=True, help="Run in this very process, and not in the bundle's warm one."
)


seeds = click.option(
    "--seed",
    "seeds",
    multiple=True,
    metavar="NAME=FILE",
    help="A table that only a workspace has, such as samples.nyctaxi.trips, from a CSV, JSON or Parquet file.",
)


def playing(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how a run is played."""
    for option in (
        click.option(
            "--max-parallel", type=click.IntRange(min=1), help="How many tasks work at a time (default: two a core)."
        ),
        click.option(
            "--retry-wait",
            type=click.Choice(["declared", "none"]),
            default="declared",
            show_default=True,
            help="Keep min_retry_interval_millis, or start the next attempt at once.",
        ),
        click.option(
            "--serverless-retries",
            type=click.Choice([choice.value for choice in ServerlessRetries]),
            default=ServerlessRetries.DOCUMENTED.value,
            show_default=True,
            help="Retries of serverless auto-optimization, which max_retries: 0 does not stop.",
        ),
    ):
        command = option(command)
    return command


def run_options(serverless_retries: str, retry_wait: str, max_parallel: int | None) -> RunOptions:
    """The options as the state machine knows them."""
    from lakeflow_local.jobs.model.state import RunOptions
    from lakeflow_local.workspace.workspace import DEFAULT_SLOTS

    return RunOptions(
        serverless_retries=ServerlessRetries(serverless_retries),
        wait_for_retries=retry_wait == "declared",
        slots=max_parallel or DEFAULT_SLOTS,
    )


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """`k=v,k2="a,b"` -> {"k": "v", "k2": "a,b"}, read as `databricks bundle run` reads it.

    One pair alone may hold commas if only its first `=` makes a key: `k=a,b` is one value.

    Raises:
        UserError: a part without `=`.
    """
    found: dict[str, str] = {}
    for text in texts:
        parts = [text.strip('"')] if text.count("=") == 1 else next(csv.reader([text]))
        for part in parts:
            key, sign, value = part.partition("=")
            if not sign or not key.strip():
                raise UserError(f"{option} {part}: write {option} name=value")
            found[key.strip()] = value
    return found


def bundle_variables(texts: Iterable[str]) -> dict[str, str]:
    """`a=1,b=2` -> {"a": "1", "b": "2"}, and `"a=1,2"` -> {"a": "1,2"}: a line of CSV, as the CLI reads `--var`.

    Raises:
        UserError: it is no CSV, or a part has no `=`.
    """
    found: dict[str, str] = {}
    for text in texts:
        for part in _csv(text):
            name, sign, value = part.partition("=")
            if not sign:
                raise UserError(
                    f"--var {part}: write --var name=value; a value with a comma as --var='\"name=one,two\"'"
                )
            found[name] = value
    return found


def _csv(text: str) -> list[str]:
    """The first record, strictly: Python's reader takes quotes wherever they stand."""
    fields, rest = [], text.lstrip("\n")
    while rest or fields:
        if rest.startswith('"'):
            quoted = re.match(r'"((?:[^"]|"")*)"(,|\r?\n|$)', rest)
            if quoted is None:
                raise UserError(f"--var {text}: a part that begins with a quote ends with one; inside, it is doubled")
            fields.append(quoted[1].replace('""', '"'))
            end, rest = quoted[2], rest[quoted.end() :]
        else:
            plain = re.match(r"([^,\r\n]*)(,|\r?\n|$)", rest)
            if plain is None or '"' in plain[1]:
                raise UserError(f"--var {text}: a quote inside of a part; put all of it in quotes: '\"name=one,two\"'")
            fields.append(plain[1])
            end, rest = plain[2], rest[plain.end() :]
        if end != ",":
            return fields
    return fields


def moment(text: str | None, option: str) -> int | None:
    """`2025-01-31` or `2025-01-31T06:00:00Z` -> epoch milliseconds; without a zone it is UTC.

    Raises:
        UserError: it is neither.
    """
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{option} {text}: write a date or time as 2025-01-31 or 2025-01-31T06:00:00Z") from None
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000)


def names(texts: Iterable[str]) -> list[str]:
    """`a,b` -> ["a", "b"]."""
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]
