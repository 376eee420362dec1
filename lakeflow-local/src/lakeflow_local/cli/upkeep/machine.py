"""Facts of this machine: memory, and the processes of lakeflow-local that run on it."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_OURS = re.compile(r"lakeflow[_-]local")
_MODULE = re.compile(r"lakeflow-local|lakeflow_local(\.\w+)*")  # the script, or what `python -m` runs
_PROGRAMS = re.compile(r"(python|java|lakeflow-local)[\d.]*$")


@dataclass(frozen=True)
class Process:
    """A running process; `memory` in bytes."""

    pid: int
    command: str
    memory: int


def memory() -> tuple[int | None, int]:
    """The bytes of free memory, None where the system does not tell, and those of the machine."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    file = _PROC / "meminfo"
    found = re.search(r"^MemAvailable:\s+(\d+) kB", file.read_text(), re.MULTILINE) if file.exists() else None
    return (int(found[1]) * 1024 if found else None), total


def processes() -> list[Process]:
    """This user's processes of lakeflow-local and their JVMs, but for this one, by their command lines."""
    found = _from_proc() if (_PROC / "self" / "cmdline").exists() else _from_ps()
    return sorted((one for one in found if one.pid != os.getpid()), key=lambda one: one.pid)


def _from_proc() -> list[Process]:
    found = []
    for folder in _PROC.iterdir():
        try:
            if not folder.name.isdigit() or folder.stat().st_uid != os.getuid():
                continue
            arguments = (folder / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
            pages = int((folder / "statm").read_text().split()[1])
        except (OSError, IndexError):
            continue  # it has ended meanwhile
        if (command := _command(arguments)) is not None:
            found.append(Process(int(folder.name), command, pages * os.sysconf("SC_PAGE_SIZE")))
    return found


def _from_ps() -> list[Process]:
    line = ["ps", "-ww", "-U", str(os.getuid()), "-o", "pid=,rss=,args="]
    listed = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    found = []
    for pid, rss, *arguments in (line.split() for line in listed.splitlines()):
        if (command := _command(arguments)) is not None:
            found.append(Process(int(pid), command, int(rss) * 1024))
    return found


def _command(arguments: list[str]) -> str | None:
    """What a process of ours does, in a few words; None for one that is not ours."""
    if not _PROGRAMS.search(Path(arguments[0]).name):
        return None
    if Path(arguments[0]).name == "java":
        return "Spark's JVM" if any(_OURS.search(one) for one in arguments) else None
    first = next((index for index, one in enumerate(arguments) if _MODULE.fullmatch(Path(one).name)), None)
    if first is None:
        return None
    program = Path(arguments[first]).name.removesuffix(".py").removeprefix("lakeflow_local.")
    return " ".join([program, *arguments[first + 1 :]])[:100]
