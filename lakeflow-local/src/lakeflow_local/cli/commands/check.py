"""`lakeflow-local check`: what `databricks bundle validate` misses."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from lakeflow_local.check.engine.baseline import without_known, write_baseline
from lakeflow_local.check.engine.choosing import chosen, known
from lakeflow_local.check.engine.running import Checked, Options
from lakeflow_local.check.engine.running import check as run_checks
from lakeflow_local.check.formats.github import as_github
from lakeflow_local.check.formats.page import page, pages
from lakeflow_local.check.formats.sarif import as_sarif
from lakeflow_local.check.formats.text import as_text
from lakeflow_local.check.rule import all_rules
from lakeflow_local.cli import options
from lakeflow_local.cli.output import say, tell
from lakeflow_local.daemon.command import hand_over
from lakeflow_local.errors import UserError, short_path
from lakeflow_local.settings import load_settings


@click.command()
@options.target
@options.variables
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="github: annotations of a pull request.",
)
@click.option("--all-targets", is_flag=True, help="Checks each target, and says a finding once.")
@click.option("--select", multiple=True, metavar="NAME,…", help="Only these rules or families.")
@click.option("--ignore", multiple=True, metavar="NAME,…", help="Not these rules or families.")
@click.option("--baseline", type=click.Path(dir_okay=False), help="Leaves out the findings in this file.")
@click.option("--write-baseline", is_flag=True, help="Writes all findings to the baseline, and finds nothing.")
@click.option("--explain", metavar="RULE", help="Prints the page of a rule, or of all.")
@click.option("--run-python", is_flag=True, help="Runs the bundle's Python code that defines resources.")
@click.option("--with-spark", is_flag=True, help="Also runs the rules that need Spark.")
def check(explain: str | None, output: str, baseline: str | None, write_baseline: bool, **given: Any) -> None:
    """Finds mistakes that `databricks bundle validate` lets through.

    It executes nothing of the bundle, unless --run-python or --with-spark is given. Exit 1: there is an error; 2: the
    bundle does not load.
    """
    try:
        if explain is not None:
            click.echo(pages(all_rules().values()) if explain == "all" else _page(explain))
            return
        sys.exit(_check(Path.cwd(), output, baseline, write_baseline, given))
    except UserError as problem:
        tell(problem)
        if explain is None and output == "json":
            click.echo(
                json.dumps({"findings": [], "problems": [_problem(None, problem)]}, indent=2, ensure_ascii=False)
            )
        sys.exit(2)


def _page(name: str) -> str:
    known(name)
    rules = [one for one in all_rules().values() if name in (one.id, one.family)]
    return "\n\n".join(page(one) for one in rules)


def _check(root: Path, output: str, baseline: str | None, write: bool, given: dict[str, Any]) -> int:
    if given["with_spark"]:
        hand_over(root)
    settings = load_settings(root).check
    rules = chosen(
        options.names(given["select"]) or settings.select, [*options.names(given["ignore"]), *settings.ignore]
    )
    checked = run_checks(
        root,
        Options(
            target=given["target"],
            all_targets=given["all_targets"],
            variables=options.bundle_variables(given["variables"]),
            run_python=given["run_python"],
            with_spark=given["with_spark"],
            rules=rules,
        ),
    )
    findings, sources = checked.findings, checked.bundle.sources
    file = baseline or settings.baseline
    if write:
        if file is None:
            raise UserError(
                "--write-baseline needs a file: --baseline FILE, or baseline in [tool.lakeflow-local.check]"
            )
        count = write_baseline(root / file, findings, root, sources)
        say(f"{file}: {count} finding{'' if count == 1 else 's'} written", err=True)
        findings = []
    elif file is not None:
        findings = without_known(findings, root / file, root, sources)
    _tell_unchecked(checked)
    targets = tuple(checked.bundle.targets)
    match output:
        case "json":
            content: dict[str, Any] = {"findings": [one.plain() for one in findings]}
            if checked.problems:
                content["problems"] = [_problem(name, problem) for name, problem in checked.problems.items()]
            click.echo(json.dumps(content, indent=2, ensure_ascii=False))
        case "sarif":
            click.echo(json.dumps(as_sarif(findings, root), indent=2, ensure_ascii=False))
        case "github":
            say(as_github(findings, root))
        case _:
            say(as_text(findings, root, sources, targets))
    if checked.problems:
        return 2
    return int(any(one.severity == "error" for one in findings))


def _tell_unchecked(checked: Checked) -> None:
    """What the findings say nothing about."""
    for name, problem in checked.problems.items():
        say(f"target {name} does not load, and was not checked:", err=True)
        tell(problem)
    for name, target in checked.bundle.targets.items():
        if target.has_unread_python:
            say(
                f"target {name}: resources that Python code defines were not loaded; --run-python runs that code",
                err=True,
            )
        if target.bundle.unset:
            listed = ", ".join(sorted(target.bundle.unset))
            say(
                f"target {name}: no value for {listed}; what depends on it was not checked (--var NAME=VALUE)", err=True
            )


def _problem(target: str | None, problem: UserError) -> dict[str, Any]:
    file = short_path(problem.file, problem.root) if problem.file is not None else ""
    return {"target": target, "file": file, "line": problem.line or 0, "message": problem.message}
