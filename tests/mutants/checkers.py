"""Asks both checkers about a bundle: `databricks bundle validate --strict`, and `lakeflow-local check`.

The CLI is asked about every target whose answer a mistake can change: all of them for databricks.yml, that one for a
file of targets/, dev and prod for a resource, dev for code. Each has a stand-in for its workspace, which knows what the
unchanged bundle looks up there; hosts in targets/ are replaced by its address. Without a CLI on the PATH its column
stays empty.
"""

import fnmatch
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import mock_workspace as mock

from lakeflow_local.bundle import Workspace, load

TARGETS = ("local", "dev", "staging", "prod")
CHECK = [sys.executable, "-m", "lakeflow_local.cli", "check"]
_HOST = re.compile(r"^(\s+host: )\S+", re.MULTILINE)
_SAID = re.compile(r"^(?:Error|Warning): .*$", re.MULTILINE)
_PLACE = re.compile(r"[\w./-]+\.(?:ya?ml|py|sql|json|toml)")


class CheckMissing(RuntimeError):
    """This lakeflow-local has no command `check`."""


@dataclass(frozen=True)
class Finding:
    """What a checker says. `file` is empty where it names none; `line` is 0 then."""

    rule: str
    message: str
    file: str = ""
    line: int = 0

    def is_at(self, files: Iterable[str]) -> bool:
        """Whether it leads to one of some files, given as globs."""
        return any(fnmatch.fnmatch(self.file, pattern) for pattern in files)


def ask_check(root: Path) -> list[Finding]:
    """What `lakeflow-local check --all-targets` finds. Targets that do not load are one finding, `load`.

    Raises:
        CheckMissing: There is no such command.
        RuntimeError: It ended in a way that its contract does not know.
    """
    command = [*CHECK, "--all-targets", "-o", "json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300, check=False)
    if "No such command" in done.stderr:
        raise CheckMissing("this lakeflow-local has no command `check`: its column cannot be filled")
    if done.returncode not in (0, 1, 2) or "Traceback" in done.stderr or not (done.stdout or done.stderr):
        raise RuntimeError(f"lakeflow-local check ended with {done.returncode}: {done.stderr[-2000:]}")
    found = json.loads(done.stdout)["findings"] if done.stdout.strip() else []
    findings = [Finding(f["rule"], f["message"], f["file"] or "", f["line"] or 0) for f in found]
    if done.returncode == 2:
        said = done.stderr.replace(f"{root}/", "").strip()
        findings += [Finding("load", said, place[0]) for place in [_PLACE.search(said)] if place]
    return findings


class Cli:
    """The CLI, with a stand-in for the workspace of each target while the context is open."""

    def __init__(self, unchanged: Path):
        self._lookups = {target: _lookups(unchanged, target) for target in TARGETS}
        self._workspaces: dict[str, mock.MockWorkspace] = {}

    def __enter__(self) -> "Cli":
        with ExitStack() as stack:
            for target, lookups in self._lookups.items():
                self._workspaces[target] = stack.enter_context(mock.MockWorkspace(lookups))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def ask(self, root: Path, targets: Iterable[str] = TARGETS) -> set[str]:
        """Errors and warnings of some targets, without what differs between two copies. Changes hosts in the copy."""
        said: set[str] = set()
        files = [*root.glob("targets/*.yml")]
        texts = {path: path.read_text(encoding="utf-8") for path in files}
        for target in targets:
            workspace = self._workspaces[target]
            for path, text in texts.items():
                path.write_text(_HOST.sub(rf"\g<1>{workspace.url}", text), encoding="utf-8")
            answer = workspace.validate(root, target, "--strict")
            lines = _SAID.findall(answer.messages)
            if answer.code and not lines:
                lines = [answer.messages.strip() or f"exit code {answer.code}"]
            said |= {line.replace(str(root), "").replace(workspace.url, "") for line in lines}
        return said


def targets_of(files: Iterable[str]) -> list[str]:
    """The targets about which the CLI may say something new after these files have changed."""
    found: set[str] = set()
    for file in files:
        top, name = file.split("/")[0], Path(file).stem
        found |= {"databricks.yml": set(TARGETS), "targets": {name}, "resources": {"dev", "prod"}}.get(top, {"dev"})
    return [target for target in TARGETS if target in found]


def _lookups(root: Path, target: str) -> dict[str, dict[str, str]]:
    answers: dict[str, dict[str, str]] = {}
    config = load(root, target, workspace=Workspace(user_name=mock.USER)).config
    for variable in config["variables"].values():
        for kind, name in (variable.get("lookup") or {}).items():
            answers.setdefault(kind, {})[name] = f"{kind}:{name}"
    return answers
