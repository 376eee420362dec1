"""The trees that the READMEs draw are those of the repository."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNNER = ROOT / "lakeflow-local"
LINE = re.compile(r"^ {4}(?P<names>\S+(?:, \S+)*)(?: {2,}\S.*)?$", re.MULTILINE)
# A reader need not know these: what a host or a tool looks for by itself, and the page that has the tree.
NOT_SHOWN = {".ci", ".github", ".gitignore", ".pre-commit-hooks.yaml", ".yamllint.yml", "README.md", "dist"}


def drawn(page: str) -> list[str]:
    """The names in the section "The tree" of a page; those of folders end in a slash."""
    (section,) = re.findall(r"^## The tree\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return [name for line in LINE.finditer(section) for name in line["names"].split(", ")]


def kept(folder: Path) -> list[str]:
    """Every file below a folder that git has, or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in listed if (folder / name).exists()]


def children(files: list[str], parent: str = "") -> set[str]:
    """The names directly below a folder (`""` or ending in a slash), as paths; those of folders end in a slash."""
    below = [name.removeprefix(parent).split("/") for name in files if name.startswith(parent)]
    return {parent + parts[0] + ("/" if parts[1:] else "") for parts in below}


def differences(names: list[str], files: list[str], not_shown: set[str] = frozenset()) -> list[str]:
    """What a tree shows and is not there, and what is there and not shown.

    All is shown that lies at the top, and where a tree goes into a folder, each folder in it.
    """
    there = {name for parent in _parents(names) | {""} for name in children(files, parent)}
    gone = [f"{name} is not there" for name in names if name not in there]
    expected = {name for name in children(files) if name.strip("/") not in not_shown}
    for parent in _parents(names):
        expected |= {name for name in children(files, parent) if name.endswith("/")}
    shown = set(names) | _parents(names)
    return gone + [f"{name} is not shown" for name in sorted(expected - shown)]


def _parents(names: list[str]) -> set[str]:
    return {name[: name.rstrip("/").rindex("/") + 1] for name in names if "/" in name.rstrip("/")}


def test_the_readme_shows_every_file_and_folder_at_the_top() -> None:
    names = drawn((ROOT / "README.md").read_text(encoding="utf-8"))
    assert differences(names, kept(ROOT), NOT_SHOWN) == []


def test_the_runners_readme_shows_every_room() -> None:
    source = RUNNER / "src/lakeflow_local"
    names = drawn((RUNNER / "README.md").read_text(encoding="utf-8"))
    modules = {name for name in children(kept(source)) if not name.endswith("/")}
    assert differences(names, kept(source), modules) == []


@pytest.mark.parametrize(
    ("page", "wrong"),
    [
        ("    a/       one\n    b/c/     two\n    b/e/\n    x.md, y.md\n", []),
        ("    a/       one\n    b/c/     two\n    x.md, y.md\n", ["b/e/ is not shown"]),
        ("    a/\n    b/\n    x.md\n    z/\n", ["z/ is not there", "y.md is not shown"]),
    ],
)
def test_what_is_gone_and_what_is_not_shown_is_noticed(page: str, wrong: list[str]) -> None:
    files = ["a/1.py", "b/c/2.py", "b/e/3.py", "b/4.py", "x.md", "y.md", ".ci"]
    assert differences(drawn(f"# A\n\n## The tree\n\n{page}\n## Next\n\n    no/   tree\n"), files, {".ci"}) == wrong
