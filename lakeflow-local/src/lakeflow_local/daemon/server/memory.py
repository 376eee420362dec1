"""How much memory processes have."""

from __future__ import annotations

import subprocess
from pathlib import Path


def resident_megabytes(pid: int) -> int:
    """The resident size of a process, 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return _by_ps(pid) if not Path("/proc/self").exists() else 0
    return next((int(line.split()[1]) // 1024 for line in fields if line.startswith("VmRSS:")), 0)


def _by_ps(pid: int) -> int:
    """On a system without /proc."""
    output = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return int(output) // 1024 if output else 0
