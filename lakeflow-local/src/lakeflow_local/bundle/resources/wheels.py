"""Picks the newest wheel of every distribution among some files."""

from __future__ import annotations

import re
from pathlib import PurePath

_WHEEL = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)(-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl")


def latest_wheels(paths: list[str]) -> list[str]:
    """The paths in their order, without wheels of which a newer version is there too; other files stay."""
    kept: list[str] = []
    best: dict[str, int] = {}
    for path in paths:
        wheel = _WHEEL.fullmatch(PurePath(path).name)
        if wheel is None:
            kept.append(path)
            continue
        name = wheel["name"]
        if name not in best:
            best[name] = len(kept)
            kept.append(path)
            continue
        known = _WHEEL.fullmatch(PurePath(kept[best[name]]).name)
        if known is not None and _order(wheel["version"]) > _order(known["version"]):
            kept[best[name]] = path
    return kept


def _order(version: str) -> list[tuple[int, int, str]]:
    """Numbers compare as numbers, everything between them as text."""
    parts = re.findall(r"\d+|\D+", version)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]
