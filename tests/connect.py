"""Runs tests/unit through the databricks-connect client against a local Spark Connect server: `make test-connect`.

The server is the session of `.venv` (pyspark and Delta); the client is `.venv-connect` (databricks-connect). The two
packages share one namespace and must never be installed together, hence two environments and two processes.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from lakeflow_local import SparkServer

ROOT = Path(__file__).parents[1]
CLIENT = ROOT / ".venv-connect" / "bin" / "python"


def main() -> int:
    """Starts the server, runs pytest in the client's environment, and returns pytest's exit code."""
    with tempfile.TemporaryDirectory() as warehouse, SparkServer(Path(warehouse)) as server:
        environment = {**os.environ, "SPARK_REMOTE": server.remote}
        command = [CLIENT, "-m", "pytest", "-p", "no:cacheprovider", "tests/unit", *sys.argv[1:]]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
