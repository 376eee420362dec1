"""A copy of the bundle as a repository of its own, and a `databricks` that answers from files."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = (
    *("databricks.yml", "targets", "resources", "pipelines", "src", "pyproject.toml", "README.md", "LICENSE"),
    *("requirements", "delivery", "Makefile", ".gitignore"),
)
# Long ago, so that a time of now in a release shows, however fast it was built. In seconds since 1970.
COMMITTED_AT = 1_700_000_000
# It notes each call, and prints answers/<its first two words>; for a plan after a deployment answers/second-plan.
STAND_IN = """#!{python}
import json, os, sys
from pathlib import Path

here = Path({folder!r})
notes = here / "calls.jsonl"
before = [json.loads(line)["arguments"][:2] for line in notes.read_text().splitlines()] if notes.exists() else []
variables = {{name: os.environ.get("BUNDLE_VAR_" + name) for name in ("commit", "wheel_build")}}
with notes.open("a") as calls:
    calls.write(json.dumps({{"arguments": sys.argv[1:], **variables}}) + "\\n")
name = "-".join(sys.argv[1:3]) if sys.argv[1] != "version" else "version"
if name == "bundle-plan" and ["bundle", "deploy"] in before:
    name = "second-plan"
answer = here / "answers" / name
if name == "workspace-export":
    Path(sys.argv[sys.argv.index("--file") + 1]).write_bytes(answer.read_bytes())
elif answer.exists():
    print(answer.read_text())
"""


@dataclass(frozen=True)
class Checkout:
    """A repository with the bundle in it."""

    root: Path

    def git(self, *arguments: str) -> str:
        identity = {
            f"GIT_{who}_{what}": "a@fleet.test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"@{COMMITTED_AT} +0000")
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        environment = inherited | identity | dates
        command = ["git", "-C", str(self.root), "-c", "commit.gpgsign=false", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self, message: str = "change") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")
        return self.git("rev-parse", "HEAD")

    def replace(self, path: str, old: str, new: str) -> None:
        """Changes the first place in a file; it must be there."""
        text = (self.root / path).read_text()
        assert old in text, f"{path} has no {old!r}"
        (self.root / path).write_text(text.replace(old, new, 1))


def copied(folder: Path) -> Checkout:
    """The bundle, committed on branch main."""
    root = folder / "checkout"
    (root / "dist").mkdir(parents=True)
    shutil.copy(ROOT / "dist/README.md", root / "dist")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(ROOT / name, root / name)
    checkout = Checkout(root)
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.commit("first")
    return checkout


class StandIn:
    """A `databricks` on the PATH: what it is asked is noted, what it answers is set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "answers").mkdir(parents=True)
        program = folder / "databricks"
        program.write_text(STAND_IN.format(python=sys.executable, folder=str(folder)))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def answers(self, name: str, answer: object) -> None:
        """What `databricks <name, with a dash>` prints; bytes are what an export writes."""
        path = self.folder / "answers" / name
        path.write_bytes(answer) if isinstance(answer, bytes) else path.write_text(json.dumps(answer))

    def calls(self) -> list[dict]:
        notes = self.folder / "calls.jsonl"
        return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []

    def commands(self) -> list[str]:
        return [" ".join(call["arguments"][:2]) for call in self.calls()]
