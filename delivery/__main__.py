"""`python -m delivery COMMAND`: what the Makefile and the workflows call."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from delivery import deployment, plans, release
from delivery.archive import Manifest, Release, opened, unpack
from delivery.databricks import Databricks
from delivery.errors import DeliveryError


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 1 and one message if it cannot be done."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except DeliveryError as error:
        print(f"delivery: {error}", file=sys.stderr)
        return 1
    return 0


def build(options: argparse.Namespace) -> None:
    """The archive of the commit that is checked out."""
    print(release.build(Path.cwd(), options.out, options.branch))


def plan(options: argparse.Namespace) -> None:
    """What a deployment would do: plan.json, its seal, and plan.md for people."""
    with _release(options) as found:
        made, seal = plans.make(Databricks(found, options.target), options.plan)
    print(plans.page(made, seal), end="")


def deploy(options: argparse.Namespace) -> None:
    """Exactly the plan that `plan` left."""
    with _release(options) as found:
        deployment.deploy(Databricks(found, options.target), options.plan, may_lose_data=options.lose_data)
    print(f"{options.target} runs {found.manifest.name}, and a second plan has nothing to do")


def rehearse(options: argparse.Namespace) -> None:
    """A run on made-up data, judged."""
    from delivery.rehearsal import rehearse as run  # the SDK is needed here only

    with _release(options) as found:
        print(run(Databricks(found, options.target)))


def drift(options: argparse.Namespace) -> None:
    """Whether the workspace still is what was released: the deployed commit is made again, and planned."""
    root = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        commit = deployment.deployed_commit(Databricks(_checkout(root), options.target))
        checkout = Path(folder) / "checkout"
        _git(root, "worktree", "add", "--detach", str(checkout), commit)
        try:
            archive = release.build(checkout, Path(folder) / "release", "main")
        finally:
            _git(root, "worktree", "remove", "--force", str(checkout))
        deployment.check_nothing_to_do(Databricks(unpack(archive, Path(folder)), options.target))
    print(f"{options.target} runs {commit}, and nothing has changed there since")


def _checkout(root: Path) -> Release:
    """A checkout as if it were a release: enough to ask the CLI for what is deployed."""
    return Release(root, Manifest("", _git(root, "rev-parse", "HEAD").strip(), "", 0, ""), "")


@contextmanager
def _release(options: argparse.Namespace) -> Iterator[Release]:
    """The release that is meant: an archive, or the folder in which this runs."""
    if options.archive is None:
        yield opened(Path.cwd())
        return
    with tempfile.TemporaryDirectory() as folder:
        yield unpack(options.archive, Path(folder), options.sha256)


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeliveryError(f"git {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout


def _target(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("which one? With make: TARGET=staging or TARGET=prod")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m delivery", description=__doc__)
    commands = parser.add_subparsers(required=True)

    made = commands.add_parser("release", help=build.__doc__)
    made.add_argument("--out", type=Path, default=Path("build/release"), help="folder of the archive")
    made.add_argument("--branch", help="branch that the commit belongs to, where it is not the one checked out")
    made.set_defaults(command=build)

    for command in (plan, deploy, rehearse):
        sub = commands.add_parser(command.__name__, help=command.__doc__)
        sub.add_argument("--target", required=True, type=_target)
        sub.add_argument("--archive", type=Path, help="archive of the release; else the folder in which this runs")
        sub.add_argument("--sha256", help="checksum of the archive; else the one in the file beside it")
        if command is not rehearse:
            sub.add_argument("--plan", type=Path, required=True, help="folder of the plan")
        if command is deploy:
            sub.add_argument("--lose-data", action="store_true", help="let it delete what holds data")
        sub.set_defaults(command=command)

    looked = commands.add_parser("drift", help=drift.__doc__)
    looked.add_argument("--target", required=True, type=_target)
    looked.set_defaults(command=drift)
    return parser


if __name__ == "__main__":
    sys.exit(main())
