"""How targets are deployed, as the bundle's own scripts, workflows and pages say: from a plan, with which variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lakeflow_local.check.target import CheckedTarget

_PLACES = (
    "*.sh",
    "*.md",
    "Makefile",
    "justfile",
    "Taskfile.y*ml",
    ".gitlab-ci.yml",
    "azure-pipelines*.y*ml",
    "bitbucket-pipelines.yml",
    "Jenkinsfile",
    ".github/workflows/*.y*ml",
    ".ci/*",
    "ci/*",
    "scripts/*.sh",
    "docs/*.md",
)
_DEPLOY = re.compile(r"bundle\s+deploy\b((?:\\\n|[^\n|;&])*)")
_TARGET = re.compile(r"(?:-t|--target)[\s=]+[\"']?([\w.-]+)")
_MOST_BYTES = 1_000_000


def planned_targets(target: CheckedTarget) -> set[str]:
    """The targets that a command with `bundle deploy … --plan` names; of one without a name, the production targets."""
    found: set[str] = set()
    for text in _texts(target.root):
        for options in _DEPLOY.findall(text):
            if "--plan" not in options:
                continue
            named = _TARGET.search(options)
            if named is not None and named[1] in target.bundle.target_names:
                found.add(named[1])
            elif target.mode == "production":
                found.add(target.name)
    return found


def is_given_outside(target: CheckedTarget, variable: str) -> bool:
    """Whether a script, workflow or page gives a variable its value: by BUNDLE_VAR_<name>, or by --var."""
    pattern = re.compile(rf"BUNDLE_VAR_{re.escape(variable)}\b|--var[\s=]+[\"']?(?:[^\n]*,)?{re.escape(variable)}=")
    return any(pattern.search(text) for text in _texts(target.root))


def _texts(root: Path) -> Iterator[str]:
    for pattern in _PLACES:
        for file in sorted(root.glob(pattern)):
            try:
                if file.is_file() and file.stat().st_size < _MOST_BYTES:
                    yield file.read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue  # it says nothing to whoever may not read it
