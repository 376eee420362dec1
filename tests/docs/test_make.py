"""The targets of the Makefile that the README names, called in a copy of the repository with this environment."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_COPIED = (".git", ".venv*", ".lakeflow", ".databricks", "dist", "build", "__pycache__", ".*_cache", ".hypothesis")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose `.venv` is the one of this run."""
    root = tmp_path_factory.mktemp("make") / "copy"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*NOT_COPIED))
    (root / ".venv").symlink_to(sys.prefix)
    return root


def make(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # `-o` keeps make from looking at the age of the environment's stamp, which an environment made by hand has not.
    command = ["make", "-o", ".venv/.ready", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_help_lists_every_target(copy: Path) -> None:
    listed = {line.split()[0] for line in make(copy, "help").stdout.splitlines()}
    declared = {
        name
        for line in (ROOT / "Makefile").read_text().splitlines()
        if line.startswith(".PHONY")
        for name in line.split()[1:]
    }
    assert declared - listed == set()


def test_fmt_formats_what_is_not_and_leaves_the_rest_alone(copy: Path) -> None:
    untidy = copy / "src/payouts/untidy.py"
    untidy.write_text("import sys,os\nprint( os,sys )\n")
    before = (copy / "src/payouts/rules.py").read_text()
    assert make(copy, "fmt").returncode == 0
    assert untidy.read_text() == "import os\nimport sys\n\nprint(os, sys)\n"
    assert (copy / "src/payouts/rules.py").read_text() == before


def test_a_machine_without_java_is_told_in_one_line_what_to_install(copy: Path) -> None:
    found = subprocess.run(
        ["requirements/check-java"],
        cwd=copy,
        capture_output=True,
        text=True,
        env={"PATH": "/nowhere:/bin:/usr/bin", "JAVA_HOME": "/nowhere"},
        check=False,
    )
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.count("\n") == 1
    assert "Java 17 or later is needed" in found.stderr


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
def test_bench_prints_each_figure_with_its_spread(copy: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "demo.bench", "--orders", "2000", "--runs", "1"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    assert "update with nothing new" in found.stdout
    assert "median" in found.stdout
    assert "bench" in (ROOT / "Makefile").read_text()
