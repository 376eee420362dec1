"""The Python environment against its lock."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

_LOCKS = ("requirements/dev.lock", "requirements/requirements.lock", "requirements.lock", "requirements-dev.lock")
_PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)\s*(;[^\\]*)?")


def find_lock(root: Path) -> Path | None:
    """The lock of a bundle: a file of `name==version` lines, as `pip freeze` and `uv pip compile` write them."""
    return next((root / name for name in _LOCKS if (root / name).is_file()), None)


def differing(lock: Path) -> list[tuple[str, str | None, str]]:
    """The packages that are not as in the lock: name, installed version (None: none), locked version.

    A line with a condition (`; python_full_version < '3.12'`) may be of another Python: it is met by any version that
    the lock has for that name, and by none.
    """
    wanted: dict[str, list[str]] = {}
    conditional: set[str] = set()
    for line in lock.read_text(encoding="utf-8").splitlines():
        if found := _PINNED.match(line):
            name = _normal(found[1])
            wanted.setdefault(name, []).append(found[2])
            if found[3]:
                conditional.add(name)
    installed = {_normal(one.metadata["Name"]): one.version for one in metadata.distributions() if one.metadata["Name"]}
    return [
        (name, installed.get(name), " or ".join(versions))
        for name, versions in sorted(wanted.items())
        if installed.get(name) not in versions and not (name in conditional and name not in installed)
    ]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
