"""`python -m tests.mutants`: makes every mutant, asks both checkers, prints the table. Needs mock_workspace to import.

Only what a checker says of a mutant and not of the unchanged bundle counts, and of `check` only what leads to a file
that the operator edited or names.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mock_workspace as mock

from tests.mutants import checkers
from tests.mutants.draft import Draft, copy_bundle
from tests.mutants.operator import FAMILIES, SEED, Operator, draft_seed, held_out
from tests.mutants.operators import OPERATORS
from tests.mutants.table import Outcome, lines


class Runner:
    """Makes mutants of one unchanged copy in a folder; what it says of that copy is known from then on."""

    def __init__(self, folder: Path, seed: int, cli: checkers.Cli | None, with_check: bool):
        self._folder, self._seed, self._cli = folder, seed, cli
        self._unchanged = folder / "unchanged"
        self._held_out = held_out()
        self.alarms = checkers.ask_check(self._unchanged) if with_check else None
        self._cli_before = cli.ask(self._copy("cli-before")) if cli else set()

    def outcome(self, operator: Operator) -> Outcome:
        """Makes one mutant and asks about it."""
        root = self._copy(operator.name)
        try:
            edits = operator.apply(Draft(root, draft_seed(operator.name, self._seed)))
            check, elsewhere = None, []
            if self.alarms is not None:
                before = {(found.rule, found.file, found.message) for found in self.alarms}
                new = [
                    found for found in checkers.ask_check(root) if (found.rule, found.file, found.message) not in before
                ]
                files = [*(edit.file for edit in edits), *operator.leads_to]
                check = [found for found in new if found.is_at(files)]
                elsewhere = [found for found in new if not found.is_at(files)]
            targets = checkers.targets_of(edit.file for edit in edits)
            cli = sorted(self._cli.ask(root, targets) - self._cli_before) if self._cli else None
        finally:
            shutil.rmtree(root)
        return Outcome(operator, operator.name in self._held_out, edits, cli, check, elsewhere)

    def _copy(self, name: str) -> Path:
        return Path(shutil.copytree(self._unchanged, self._folder / name))


def main() -> int:
    """Prints the table; 1 where `check` has a finding on the unchanged bundle."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Mutants of this bundle.")
    parser.add_argument("names", nargs="*", metavar="OPERATOR", help="these operators only")
    parser.add_argument("--family", choices=FAMILIES)
    parser.add_argument("--seed", type=int, default=SEED, help="other places for the same mistakes")
    parser.add_argument("--no-cli", action="store_true", help="do not ask databricks")
    parser.add_argument("--show-held-out", action="store_true", help="for the end only: also the rows of the held-out")
    parser.add_argument("--list", action="store_true", help="only say which mistakes there are")
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.names if name not in OPERATORS]:
        parser.error(f"there is no operator {', '.join(unknown)}; there are {', '.join(OPERATORS)}")
    operators = [
        operator
        for operator in OPERATORS.values()
        if (not chosen.names or operator.name in chosen.names) and chosen.family in (None, operator.family)
    ]
    if chosen.list:
        for operator in operators:
            print(f"{operator.family:14}{operator.name:46}{operator.mistake}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        unchanged = Path(folder, "unchanged")
        unchanged.mkdir()
        _commit(copy_bundle(unchanged))
        with_check = _has_check(unchanged)
        if chosen.no_cli or not mock.has_cli():
            print(f"validate is not asked: {'--no-cli' if chosen.no_cli else mock.NO_CLI}", file=sys.stderr)
            outcomes, alarms = _play(Runner(Path(folder), chosen.seed, None, with_check), operators, chosen.jobs)
        else:
            with checkers.Cli(unchanged) as cli:
                outcomes, alarms = _play(Runner(Path(folder), chosen.seed, cli, with_check), operators, chosen.jobs)
    print("\n".join(lines(outcomes, show_held_out=chosen.show_held_out)))
    if alarms is not None:
        print(f"{'alarms on the unchanged bundle':42}{len(alarms)}")
        for alarm in alarms:
            print(f"    {alarm.rule} {alarm.file}:{alarm.line}: {alarm.message}")
    return 1 if alarms else 0


def _play(runner: Runner, operators: list[Operator], jobs: int) -> tuple[list[Outcome], list[checkers.Finding] | None]:
    outcomes = []
    with ThreadPoolExecutor(jobs) as pool:
        for outcome in pool.map(runner.outcome, operators):
            outcomes.append(outcome)
            if sys.stderr.isatty():
                print(f"\r{len(outcomes)} of {len(operators)} mutants", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return outcomes, runner.alarms


def _has_check(root: Path) -> bool:
    try:
        checkers.ask_check(root)
    except checkers.CheckMissing as error:
        print(error, file=sys.stderr)
        return False
    return True


def _commit(root: Path) -> None:
    """A repository of its own, on branch main with one commit, as `bundle.git` asks for."""
    who = ["-c", "user.name=a", "-c", "user.email=a@fleet.test", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"], ["commit", "-qm", "copy"]):
        subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
