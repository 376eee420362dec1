"""Standard output for machines: JSON alone."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def only_json(wanted: bool) -> Iterator[Callable[[Any], None]]:
    """Keep standard output clean while something runs.

    Whatever this process, its JVM or a library prints goes to standard error meanwhile.

    Args:
        wanted: whether `-o json` was given; without it nothing changes and the function given prints nothing.

    Yields:
        A function that prints a value as JSON on the real standard output.
    """
    if not wanted:
        yield lambda value: None
        return
    sys.stdout.flush()
    real = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(real), "w", encoding="utf-8") as stream:

            def show(value: Any) -> None:
                json.dump(value, stream, indent=2, ensure_ascii=False)
                stream.write("\n")

            yield show
    finally:
        sys.stdout.flush()
        os.dup2(real, 1)
        os.close(real)
