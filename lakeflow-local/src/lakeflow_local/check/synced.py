"""Which files a deployment uploads: those below `sync.paths`, without what `.gitignore` and `sync.exclude` leave out.

The rules of git are followed without calling git, which would obey the settings of a stranger's repository.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from pathspec import GitIgnoreSpec

from lakeflow_local.check.target import CheckedTarget

_NEVER = {".git", ".databricks"}
_HEAVY = {".venv", "venv", "node_modules", ".lakeflow", "__pycache__"}
_MOST_FILES = 5000
_MOST_WALKED = 50_000


def synced_files(target: CheckedTarget) -> list[Path]:
    """The files that are uploaded, sorted; of a very large bundle the first five thousand."""
    if "synced" not in target.memory:
        target.memory["synced"] = _listed(target)
    return target.memory["synced"]


def _listed(target: CheckedTarget) -> list[Path]:
    root = target.bundle.sync_root
    exclude, include = _patterns(target, "exclude"), _patterns(target, "include")
    paths = [str(item.node.value) for item in target.config.items("sync", "paths")] or ["."]
    found: set[Path] = set()
    for path in paths:
        start = Path(os.path.normpath(root / path))
        known, key = target.sources.memory, ("files below", start, root, len(include) > 0)
        if key not in known:
            known[key] = list(islice(_named(start, root, keep_ignored=len(include) > 0), _MOST_WALKED))
        for file, name, is_ignored in known[key]:
            if (not is_ignored or include.match_file(name)) and not exclude.match_file(name):
                found.add(file)
            if len(found) == _MOST_FILES:
                return sorted(found)
    return sorted(found)


def is_ignored(folder: Path, root: Path) -> bool:
    """Whether git ignores a folder below a bundle's, which need not be there."""
    specs = _specs_above(folder, root)
    steps = [folder, *(above for above in folder.parents if above != root and above.is_relative_to(root))]
    return any(
        _is_ignored(step, [one for one in specs if step.is_relative_to(one[0])], is_folder=True) for step in steps
    )


def _named(start: Path, root: Path, *, keep_ignored: bool) -> Iterator[tuple[Path, str, bool]]:
    """Every file below a folder, its name from the root on, and whether git ignores it."""
    for file, is_ignored in _walk(start, _specs_above(start, root), keep_ignored=keep_ignored):
        yield file, file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name, is_ignored


_Specs = tuple[tuple[Path, GitIgnoreSpec], ...]


def _patterns(target: CheckedTarget, key: str) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(str(item.node.value) for item in target.config.items("sync", key))


def _specs_above(start: Path, root: Path) -> _Specs:
    """What the `.gitignore` files above a folder say, as far up as the repository or the bundle, outermost first."""
    folders = [start]
    while folders[-1] != folders[-1].parent and not (folders[-1] / ".git").exists():
        folders.append(folders[-1].parent)
    if not (folders[-1] / ".git").exists():
        folders = [folder for folder in folders if folder.is_relative_to(root)]
    return tuple(spec for folder in reversed(folders[1:]) if (spec := _spec_in(folder)) is not None)


def _spec_in(folder: Path) -> tuple[Path, GitIgnoreSpec] | None:
    try:
        lines = (folder / ".gitignore").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    return folder, GitIgnoreSpec.from_lines(lines)


def _walk(folder: Path, specs: _Specs, *, keep_ignored: bool, is_ignored: bool = False) -> Iterator[tuple[Path, bool]]:
    """Every file with whether git ignores it; of ignored folders only where patterns may bring them back."""
    own = _spec_in(folder)
    specs = (*specs, own) if own is not None else specs
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name in _NEVER or entry.is_symlink():
            continue
        path = Path(entry.path)
        is_folder = entry.is_dir()
        hidden = is_ignored or _is_ignored(path, specs, is_folder=is_folder)
        if not is_folder:
            yield path, hidden
        elif not hidden or (keep_ignored and entry.name not in _HEAVY):
            yield from _walk(path, specs, keep_ignored=keep_ignored, is_ignored=hidden)


def _is_ignored(path: Path, specs: Sequence[tuple[Path, GitIgnoreSpec]], *, is_folder: bool) -> bool:
    """Whether the innermost `.gitignore` that speaks of a path leaves it out."""
    for folder, spec in reversed(specs):
        name = path.relative_to(folder).as_posix() + ("/" if is_folder else "")
        said = spec.check_file(name).include
        if said is not None:
            return said
    return False
