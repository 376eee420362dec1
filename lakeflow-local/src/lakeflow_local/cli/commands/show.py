"""`lakeflow-local show`: the rows of a table."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click

from lakeflow_local.cli import options
from lakeflow_local.cli.output import only_json, say
from lakeflow_local.daemon import attachment
from lakeflow_local.daemon.command import hand_over
from lakeflow_local.errors import ChoiceError
from lakeflow_local.spark import catalogs, stored


@click.command()
@click.argument("dataset")
@options.target
@options.variables
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many rows.")
@options.no_workspace
@options.output
def show(
    dataset: str, target: str | None, variables: tuple[str, ...], limit: int, no_workspace: bool, output: str
) -> None:
    """Print rows of DATASET: a dataset of a pipeline, or a table as schema.table or catalog.schema.table."""
    folder = find(dataset, target, variables)
    stored_rows = stored.rows(folder, limit)
    if stored_rows is None and not no_workspace:
        hand_over(Path.cwd())
    with only_json(output == "json") as as_json:
        columns, found = stored_rows or _by_spark(folder, limit, target, variables)
        rows = [[plain(value) for value in row] for row in found]
        as_json({"dataset": dataset, "columns": columns, "rows": rows})
    if output == "json":
        return
    from rich.table import Table

    from lakeflow_local.cli.console import PlainConsole  # whose library takes as long to import as a table to read

    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_text(value) for value in row))
    PlainConsole().print(table)
    say(f"{len(rows)} row{'s' if len(rows) != 1 else ''}{' (--limit)' if len(rows) == limit else ''}", err=True)


def _by_spark(folder: Path, limit: int, target: str | None, variables: tuple[str, ...]) -> tuple[list[str], list[Any]]:
    """Rows of a table that only Spark can read."""
    from lakeflow_local.workspace.workspace import LocalWorkspace

    def notice(line: str) -> None:
        say(line, err=True)

    shared = attachment.made_by is not None
    workspace = LocalWorkspace(Path.cwd(), target, options.bundle_variables(variables), messages=notice, shared=shared)
    try:
        frame = workspace.spark.read.format("delta").load(str(folder)).limit(limit)
        return frame.columns, frame.collect()
    finally:
        workspace.close()


def plain(value: Any) -> Any:
    """A value as JSON has it: a struct is an object, what JSON has no form for is text.

    The keys of a map are sorted, as their order is Java's in one reader and the file's in the other.
    """
    if isinstance(value, stored.Struct):
        return {name: plain(item) for name, item in value.items()}
    if hasattr(value, "asDict"):
        return {name: plain(item) for name, item in value.asDict().items()}
    if isinstance(value, dict):
        return {str(key): plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bytes | bytearray):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _text(value: Any) -> str:
    if value is None:
        return "NULL"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def find(dataset: str, target: str | None, variables: tuple[str, ...]) -> Path:
    """The folder of a table.

    Raises:
        ChoiceError: when there is none; the message names those that there are.
    """
    from lakeflow_local.bundle import load
    from lakeflow_local.pipelines.model.names import Namespace

    bundle = load(Path.cwd(), target, options.bundle_variables(variables))
    warehouse = Path.cwd() / ".lakeflow" / "warehouse"
    pipelines = [bundle.pipeline(key) for key in bundle.resources.get("pipelines") or {}]
    places = [(str(one.get("catalog") or catalogs.LOCAL), str(one.get("schema") or "default")) for one in pipelines]
    for catalog, schema in [*places, (catalogs.LOCAL, "default")]:
        table = Namespace(catalog, schema).resolve(dataset)
        for folder in (table.schema, f"{table.schema}.db") if table else ():
            for found in warehouse.glob(f"{folder}/*/_delta_log"):
                if table and found.parent.name.lower() == table.table.lower():
                    return found.parent
    known = sorted(
        ".".join(catalogs.declared((log.parents[1].name.removesuffix(".db"), log.parent.name)))
        for log in warehouse.glob("*/*/_delta_log")
    )
    raise ChoiceError(
        f"there is no table {dataset}; there are: {', '.join(known) or 'none yet: run the pipeline first'}"
    )
