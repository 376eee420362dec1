"""A small bundle, commands in it that use its warm process, and the end of that process whatever a test does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

BUNDLE = {
    "bundle": {"name": "fleet"},
    "targets": {"local": {"default": True}},
    "resources": {
        "pipelines": {
            "rides": {
                "name": "rides",
                "catalog": "spark_catalog",
                "schema": "fleet",
                "configuration": {"landing": "landing"},
                "libraries": [{"glob": {"include": "transformations/**"}}],
            }
        },
        "jobs": {
            "greet": {
                "name": "greet",
                "parameters": [{"name": "who", "default": "nobody"}],
                "environments": [{"environment_key": "default", "spec": {"environment_version": "4"}}],
                "tasks": [
                    {
                        "task_key": "say",
                        "environment_key": "default",
                        "spark_python_task": {"python_file": "say.py", "parameters": ["{{job.parameters.who}}"]},
                    }
                ],
            }
        },
    },
}
RIDES = """
    from pyspark import pipelines as dp

    @dp.materialized_view
    def trips():
        return spark.range(3)
"""
SAY = """
    import os, sys
    print(sys.argv[1], os.environ.get("COLOUR"))
"""


class WarmBundle:
    """A bundle in a folder of its own, with the processes of a user of its own."""

    def __init__(self, root: Path, runtime: Path) -> None:
        self.root = root
        self.environment = {
            name: value for name, value in os.environ.items() if name not in ("CI", "LAKEFLOW_LOCAL_TASK")
        } | {"LAKEFLOW_LOCAL_WORKSPACE": "on", "XDG_RUNTIME_DIR": str(runtime)}
        root.mkdir(exist_ok=True)
        self.write("databricks.yml", json.dumps(BUNDLE))
        self.write("transformations/rides.py", RIDES)
        self.write("say.py", SAY)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
        return path

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command."""
        return self.python("-m", "lakeflow_local.cli", *arguments, **environment)

    def python(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a Python program in the folder."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.root,
            env=self.environment | environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, which must have this exit code."""
        return finished(self.start(*arguments, **environment), code)

    def attached(self, program: str, **environment: str) -> str:
        """What a program prints that is attached to the process; `spark` is its session, `workspace` its workspace."""
        head = (
            "from pathlib import Path\n"
            "from lakeflow_local import LocalWorkspace\n"
            "with LocalWorkspace(Path('.'), shared=True, messages=print) as workspace:\n"
            "    spark = workspace.spark\n"
        )
        body = "".join(f"    {line}\n" for line in dedent(program).strip().splitlines())
        return finished(self.python("-c", head + body, **environment)).stdout

    def status(self) -> dict[str, Any]:
        """Of the process, empty without one."""
        found, _ = self.start("workspace", "status", "-o", "json").communicate()
        return json.loads(found)

    def log(self) -> str:
        """Of the process."""
        return (self.root / ".lakeflow" / "workspace" / "log").read_text()

    def rows(self, table: str) -> list[list[Any]]:
        """Of a table."""
        return sorted(json.loads(self.run("show", table, "-o", "json").stdout)["rows"])

    def kill(self) -> int:
        """Kill the process, as `kill -9` does."""
        pid = int(self.status()["pid"])
        os.kill(pid, signal.SIGKILL)
        return pid

    def close(self) -> None:
        """End the process."""
        self.start("workspace", "stop").communicate()


def finished(process: subprocess.Popen[str], code: int = 0) -> subprocess.CompletedProcess[str]:
    """What a program printed; it must have ended with this exit code."""
    printed, errors = process.communicate()
    assert process.returncode == code, f"exit code {process.returncode}: {printed}\n{errors}"
    return subprocess.CompletedProcess(process.args, code, printed, errors)


def is_alive(pid: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition: Callable[[], object]) -> None:
    """A state that another process reaches by itself."""
    until = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < until, "it never came about"
        time.sleep(0.05)
