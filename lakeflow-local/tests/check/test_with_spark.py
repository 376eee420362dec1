"""The rules that ask Spark find their bad example, and not their good one; nothing is written on the way.

The examples are checked in a process of their own: the one of the tests has a Spark session already.
"""

import json
import os
import subprocess
import sys

import pytest

from lakeflow_local.check.engine.running import Options, check
from lakeflow_local.check.rule import all_rules

RULES = [one for one in all_rules().values() if one.needs_spark]
PROGRAM = """
import json, os, sys
from pathlib import Path
from lakeflow_local.check.engine.running import Options, check

found = {}
for folder in sorted(Path.cwd().iterdir()):
    os.chdir(folder)
    found[folder.name] = [(one.rule, one.severity) for one in check(folder, Options(with_spark=True)).findings]
json.dump(found, sys.stdout)
"""


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """The folder of the examples, and what was found in each."""
    root = tmp_path_factory.mktemp("examples")
    for rule in RULES:
        write(root / f"{rule.id} bad", rule.bad)
        write(root / f"{rule.id} good", rule.good)
    environment = {**os.environ, "LAKEFLOW_LOCAL_WORKSPACE": "off"}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return root, {name: [tuple(one) for one in found] for name, found in json.loads(done.stdout).items()}


@pytest.mark.parametrize("rule", RULES, ids=lambda one: one.id)
def test_a_rule_that_asks_spark_finds_its_bad_example_only(rule, examples):
    root, found = examples
    assert (rule.id, rule.severity) in found[f"{rule.id} bad"]
    assert found[f"{rule.id} good"] == []
    assert not list(root.glob("**/spark-warehouse/**/*.parquet")) + list(root.glob("**/.lakeflow/**/*.parquet"))


def test_without_being_asked_spark_is_not_used(tmp_path):
    write(tmp_path, RULES[0].bad)
    checked = check(tmp_path, Options())
    assert not {one.id for one in RULES} & set(checked.rules)
    assert not (tmp_path / ".lakeflow").exists()
