"""What a program takes, by its declarations, and what is wrong with a command line: as argparse and click say it."""

import argparse
import ast

import click
import pytest
from click.testing import CliRunner

from lakeflow_local.check.facts.calls import Scope
from lakeflow_local.check.facts.parsers import command_line
from lakeflow_local.check.sources import Sources

ARGPARSE = """
import argparse

def main(arguments=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["full", "delta"])
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--pair", nargs=2)
    parser.add_argument("--share", type=float)
    parser.add_argument("--days", type=int)
    parser.parse_args(arguments)
"""
CLICK = """
import click

@click.command()
@click.option("--mode", type=click.Choice(["full", "delta"]))
@click.option("--days", type=int)
@click.option("--fast", "speed", flag_value="fast")
@click.option("--force", is_flag=True)
def main(**given):
    pass
"""


def said(text, arguments, tmp_path):
    (tmp_path / "task.py").write_text(text)
    source = Sources().read(tmp_path / "task.py")
    function = next(one for one in source.python.body if isinstance(one, ast.FunctionDef))
    line = command_line(Scope.of(source, (tmp_path,), Sources()), function)
    return line.problems(arguments)


def names(text):
    known = {"argparse": argparse, "click": click}
    exec(compile(text, "task.py", "exec"), known)
    return known["main"]


@pytest.mark.parametrize(
    "given",
    [
        *("full", "ful", "full --force", "full --force=true", "full --pair 1 2", "full --pair 1", "full --share 0.5"),
        *("full --share half", "full --days 3", "full --days 3.5", "full --days -1", "full --share=nan"),
    ],
)
def test_it_says_what_argparse_says(tmp_path, capsys, given):
    try:
        names(ARGPARSE)(given.split())
        fits = True
    except SystemExit:
        fits = False
    assert (said(ARGPARSE, given.split(), tmp_path) == []) is fits


@pytest.mark.parametrize(
    "given",
    ["", "--mode full", "--mode ful", "--days 3", "--days x", "--fast", "--force", "--force=true", "--mode=delta"],
)
def test_it_says_what_click_says(tmp_path, given):
    fits = CliRunner().invoke(names(CLICK), given.split()).exit_code == 0
    assert (said(CLICK, given.split(), tmp_path) == []) is fits


def test_what_remains_may_hold_options(tmp_path):
    text = ARGPARSE.replace('choices=["full", "delta"]', "nargs=argparse.REMAINDER")
    assert said(text, ["dbt", "--select", "x"], tmp_path) == []


@pytest.mark.parametrize(
    ("call", "wrong"), [("env.add_options(parser)", 0), ("print(parser.prog)", 1), ("own(parser)", 1)]
)
def test_a_parser_that_is_handed_to_a_function_from_elsewhere_may_have_more_options(tmp_path, call, wrong):
    own = "\ndef own(parser):\n    parser.add_argument('--own')\n"
    text = ARGPARSE.replace("    parser.parse_args", f"    {call}\n    parser.parse_args") + own
    assert len(said(text, ["full", "--catalog", "main"], tmp_path)) == wrong
