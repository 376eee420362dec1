"""How large and how deep a bundle may be: what is past this is one line, before it takes the machine's memory.

The CLI has no such limits but time and memory; the numbers are far past what people write.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lakeflow_local.errors import BundleError

MOST_BYTES = 32 * 1024 * 1024  # of a file
MOST_VALUES = 500_000  # of all files, their aliases written out; and again of all that references bring in
MOST_TEXT = 32 * 1024 * 1024  # characters of all texts that references make
DEEPEST = 500  # lists and maps in each other
_FRAMES = 20_000  # of Python for DEEPEST levels, and for variables that name each other in a chain


@dataclass
class Budget:
    """Counts the values of a bundle."""

    values: int = 0

    def allows(self, more: int) -> bool:
        """Count more of them; False once there are too many."""
        self.values += more
        return self.values <= MOST_VALUES


@contextmanager
def deep_values() -> Iterator[None]:
    """Let functions call themselves for each level of a bundle, without the garbage collector's looks at all of it.

    Raises:
        BundleError: values are deeper even than that, as references put deep ones into each other.
    """
    frames, collects = sys.getrecursionlimit(), gc.isenabled()
    sys.setrecursionlimit(max(frames, _FRAMES))
    gc.disable()
    try:
        yield
    except RecursionError:
        raise BundleError("too many lists, maps or variables in each other") from None
    finally:
        sys.setrecursionlimit(frames)
        if collects:
            gc.enable()
