"""What a person waits for at the terminal: each command with the local workspace warm, and on its own beside it.

Run as `python -m demo.warm_bench`: in a copy of the bundle with the first day landed and settled. Medians of five; a
command on its own, which starts a JVM, runs once.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from demo.generator import generate, land

ROOT = Path(__file__).resolve().parents[1]
RUNS = 5
COMMANDS = {
    "show of a table": ("show", "orders", "-t", "local"),
    "graph": ("graph", "-t", "local"),
    "run payouts, nothing new": ("run", "payouts", "-t", "local"),
}
LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", ".lakeflow", "dist", "__pycache__", ".*_cache", ".hypothesis")


class Bundle:
    """A copy of the bundle, and commands in it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "bundle"
        shutil.copytree(ROOT, self.root, ignore=LEFT_OUT)
        runtime = folder / "r"
        runtime.mkdir()
        self._environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}

    def run(self, *arguments: str, warm: bool) -> subprocess.CompletedProcess[str]:
        """One command of lakeflow-local."""
        environment = {**self._environment, "LAKEFLOW_LOCAL_WORKSPACE": "on" if warm else "off"}
        command = [sys.executable, "-m", "lakeflow_local.cli", *arguments]
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=True)

    def status(self) -> dict:
        """Of the local workspace."""
        return json.loads(self.run("workspace", "status", "-o", "json", warm=True).stdout)


def seconds(bundle: Bundle, command: tuple[str, ...], *, warm: bool) -> float:
    """How long a command takes."""
    started = time.perf_counter()
    bundle.run(*command, warm=warm)
    return time.perf_counter() - started


def to_first_task(bundle: Bundle) -> float:
    """From the command to the start of its first task, in seconds."""
    started = time.time()
    run = json.loads(bundle.run("run", "seed_landing", "-t", "local", "-o", "json", warm=True).stdout)
    return min(task["start_time"] for task in run["tasks"]) / 1000 - started


def main() -> None:
    """Print all figures."""
    with tempfile.TemporaryDirectory(prefix="lf-") as folder:
        bundle = Bundle(Path(folder))
        day = generate()[0]
        land(day.files, bundle.root / ".lakeflow" / "landing")
        settle = ("run", "daily_payouts", "-t", "local", "--params", f"settlement_date={day.date.isoformat()}")
        bundle.run(*settle, warm=False)
        commands = {**COMMANDS, "run daily_payouts, nothing new": settle}
        cold = {name: seconds(bundle, command, warm=False) for name, command in commands.items()}
        try:
            bundle.run("workspace", "start", warm=True)
            for name, command in commands.items():
                bundle.run(*command, warm=True)  # what the JVM does for the first time, it compiles
                times = sorted(seconds(bundle, command, warm=True) for _ in range(RUNS))
                warm, alone = statistics.median(times), cold[name]
                print(f"{name:<32} warm {warm:6.2f} s ({times[0]:.2f} to {times[-1]:.2f})", end="")
                print(f"   on its own {alone:6.2f} s   {warm / alone:.2f} of it")
            first = statistics.median(to_first_task(bundle) for _ in range(RUNS))
            print(f"{'command to first task':<32} warm {first:6.2f} s")
            print(f"{'memory, with Spark idle':<32} {bundle.status()['memory_mb']} MB")
        finally:
            bundle.run("workspace", "stop", warm=True)


if __name__ == "__main__":
    main()
