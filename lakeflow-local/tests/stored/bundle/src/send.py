"""Sends one part; the first attempt of part b fails."""

import sys
from pathlib import Path

part = sys.argv[1]
seen = Path(f"sent-{part}")
if part == "b" and not seen.exists():
    seen.touch()
    raise RuntimeError("no answer")
print(f"sent {part}")
