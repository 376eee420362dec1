"""How a reference is written: `${var.catalog}`, `${resources.jobs.nightly.id}`, `${var.zones[0].name}`."""

from __future__ import annotations

import re

# A letter, then letters and digits; dashes and underscores only between them.
_WORD = r"[^\W\d_](?:[-_]*[^\W_])*"
REFERENCE = re.compile(rf"\$\{{({_WORD}(?:\.{_WORD}(?:\[[0-9]+\])*)*(?:\[[0-9]+\])*)\}}")


def is_pure_reference(text: str) -> bool:
    """Whether a text is one reference and nothing else."""
    return REFERENCE.fullmatch(text) is not None


def has_reference(text: str) -> bool:
    """Whether a text holds at least one reference."""
    return REFERENCE.search(text) is not None
