"""What the Databricks CLI prints for this bundle: compared by a test, recorded by this script.

    PYTHONPATH=lakeflow-local/tests/bundle python tests/bundle/cli_output.py

records recorded/validate-<target>.json anew; it needs `databricks` on the PATH.

The bundle is copied into a repository of its own, on branch main with one commit and no origin, so that the
output does not depend on who records it, or where. Of what remains, the folder, the commit and the host are
replaced: they are the only differences that issue and documentation allow.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mock_workspace as mock

ROOT = Path(__file__).resolve().parents[2]
RECORDED = Path(__file__).resolve().parent / "recorded"
TARGETS = ("local", "dev", "staging", "prod")
COPIED = ("databricks.yml", "targets", "resources", "pipelines", "src", "pyproject.toml", "README.md", "requirements")


@dataclass(frozen=True)
class Copy:
    """A copy of the bundle in a repository of its own."""

    root: Path
    commit: str

    def neutral(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration without the folder, the commit, the host and what only a workspace knows of the user."""
        text = json.dumps(config).replace(str(self.root), "<root>").replace(self.commit, "<commit>")
        result = json.loads(text)
        result["workspace"].pop("host", None)
        for key in ("id", "displayName"):
            result["workspace"]["current_user"].pop(key, None)
        return result


def copy_bundle(folder: Path) -> Copy:
    """Copies the bundle below an empty folder and commits it there."""
    root = folder / "bundle"
    root.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, root / name)
    identity = {f"GIT_{who}_{what}": "a@fleet.test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | identity

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), "-c", "commit.gpgsign=false", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    git("add", "--all")
    git("commit", "--quiet", "--message=copy")
    return Copy(root, git("rev-parse", "HEAD"))


def lookups_of(config: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What the bundle looks up by name, answered as the local stand-in answers: `<kind>:<name>`."""
    answers: dict[str, dict[str, str]] = {}
    for variable in config["variables"].values():
        for kind, name in (variable.get("lookup") or {}).items():
            answers.setdefault(kind, {})[name] = f"{kind}:{name}"
    return answers


def ask_cli(copy: Copy, target: str, lookups: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """What the CLI prints for a target; a host that the target names is replaced by the server on this machine."""
    with mock.MockWorkspace(lookups) as workspace:
        changed = [path for path in (copy.root / "targets").glob("*.yml") if "    host: " in path.read_text()]
        before = {path: path.read_text() for path in changed}
        try:
            for path, text in before.items():
                lines = [
                    f"{line.split('host: ')[0]}host: {workspace.url}" if line.strip().startswith("host: ") else line
                    for line in text.splitlines()
                ]
                path.write_text("\n".join(lines) + "\n")
            answer = workspace.validate(copy.root, target)
        finally:
            for path, text in before.items():
                path.write_text(text)
    assert answer.code == 0 and answer.config is not None, answer.messages
    return copy.neutral(answer.config)


def record() -> None:
    """Writes the CLI's output for every target, with the hash of what it was made from."""
    from lakeflow_local.bundle import Workspace, load

    if not mock.has_cli():
        sys.exit(mock.NO_CLI)
    RECORDED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_bundle(Path(folder))
        for target in TARGETS:
            ours = load(copy.root, target, workspace=Workspace(user_name=mock.USER))
            theirs = ask_cli(copy, target, lookups_of(ours.config))
            path = RECORDED / f"validate-{target}.json"
            path.write_text(json.dumps(theirs, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
            print(f"recorded {path.relative_to(ROOT)}")


if __name__ == "__main__":
    record()
