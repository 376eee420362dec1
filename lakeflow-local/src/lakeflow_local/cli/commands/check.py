"""`lakeflow-local check`: what `databricks bundle validate` misses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from lakeflow_local.check.running import Options
from lakeflow_local.check.running import check as run_checks
from lakeflow_local.cli import options
from lakeflow_local.cli.output import say, tell
from lakeflow_local.daemon.command import hand_over
from lakeflow_local.errors import UserError


@click.command()
@options.target
@options.variables
@options.output
@click.option("--all-targets", is_flag=True, help="Checks each target, and says a finding once.")
@click.option("--run-python", is_flag=True, help="Runs the bundle's Python code that defines resources.")
@click.option("--with-spark", is_flag=True, help="Also runs the rules that need Spark.")
def check(
    target: str | None, variables: tuple[str, ...], output: str, all_targets: bool, run_python: bool, with_spark: bool
) -> None:
    """Finds mistakes that `databricks bundle validate` lets through."""
    if with_spark:
        hand_over(Path.cwd())
    try:
        checked = run_checks(
            Path.cwd(),
            Options(
                target=target,
                all_targets=all_targets,
                variables=options.bundle_variables(variables),
                run_python=run_python,
                with_spark=with_spark,
            ),
        )
    except UserError as problem:
        tell(problem)
        sys.exit(2)
    for problem in checked.problems.values():
        tell(problem)
    if output == "json":
        click.echo(json.dumps({"findings": [one.plain() for one in checked.findings]}, indent=2, ensure_ascii=False))
    else:
        for one in checked.findings:
            say(f"{one.file}:{one.line}: {one.severity} [{one.rule}] {one.message}")
    if checked.problems:
        sys.exit(2)
    sys.exit(any(one.severity == "error" for one in checked.findings))
