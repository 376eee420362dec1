"""The targets that a bundle declares."""

from __future__ import annotations

from pathlib import Path

from lakeflow_local.bundle.steps.includes import load_files
from lakeflow_local.bundle.tree.diagnostics import Diagnostics


def target_names(root: Path) -> tuple[str, ...]:
    """The targets, or `environments` as they were called, in their order; `default` for a bundle without any.

    Raises:
        UserError: for files that cannot be read.
    """
    config = load_files(root, Diagnostics(root))
    for section in ("targets", "environments"):
        targets = config.get(section)
        if targets is not None and targets.is_map and targets.value:
            return tuple(targets.value)
    return ("default",)
