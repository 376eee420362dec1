"""Delta's jars: resolved once by Ivy, checked by hash, kept beside the environment.

Spark's own `spark.jars.packages` resolves them again at every start, which takes six seconds and a network. Here
`lakeflow-local prepare` fetches them, or the first Spark session of an environment.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lakeflow_local.errors import UserError

_SPARK_4_2_DELTA_4_4_0 = {
    "io.delta_delta-kernel-api-4.4.0.jar": "ee9b5a14ac3b7efdff4d61a58478fe8eb0e5a3fbca43889dca7290795fe79a11",
    "io.delta_delta-kernel-defaults-4.4.0.jar": "225c975199e4718b38ee5b7e6da7f19e9585024262b2cec2656b32151a856b0b",
    "io.delta_delta-kernel-unitycatalog-4.4.0.jar": "cea22dfb4ac562b3cd27bf652697750e8336009d73fb06631363aaaad5345ffa",
    "io.delta_delta-spark_4.2_2.13-4.4.0.jar": "27d4fd8b1f879535c573ed1c718177d6a27f24d3e626ba02e216369725721ead",
    "io.delta_delta-storage-4.4.0.jar": "c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc",
    "io.unitycatalog_unitycatalog-client-0.6.0.jar": "48257499a86b801a3e2372cec55ac226ca1c1c7eabe5c118e7302f29a1fdbc19",
    "io.unitycatalog_unitycatalog-hadoop-0.6.0.jar": "c47b63c961c87102b9e1d63809a0915ba4c86b7652f57c8d39ca3a05b441a150",
}

# What Delta needs beside Spark's own jars: the SHA-256 of each file, by the minor version of pyspark and the version of
# delta-spark. pyproject.toml admits no others; an installed pair that is missing here is an error at the start.
SHA256 = {("4.2", "4.4.0"): _SPARK_4_2_DELTA_4_4_0}

# Spark brings these already; without them the download is a tenth of the size.
EXCLUDED = (
    "com.fasterxml.jackson.core:*",
    "com.fasterxml.jackson.datatype:*",
    "com.github.luben:*",
    "com.google.code.findbugs:*",
    "commons-logging:*",
    "commons-pool:*",
    "io.airlift:*",
    "javax.annotation:*",
    "org.apache.hadoop:*",
    "org.apache.logging.log4j:*",
    "org.apache.parquet:*",
    "org.locationtech.jts:*",
    "org.roaringbitmap:*",
    "org.slf4j:*",
    "org.xerial.snappy:*",
)


def folder() -> Path:
    """Where the jars of this Python environment are kept."""
    return Path(sys.prefix) / "share" / "lakeflow-local" / "jars"


def installed() -> tuple[str, str]:
    """The minor version of pyspark and the version of delta-spark in this environment.

    Raises:
        UserError: for a pair whose jars have no hashes in `SHA256`.
    """
    from importlib import metadata  # slow, and commands that only hand over need none of it

    spark, delta = metadata.version("pyspark"), metadata.version("delta-spark")
    pair = (".".join(spark.split(".")[:2]), delta)
    if pair in SHA256:
        return pair
    known = "; ".join(f"pyspark {minor}.* with delta-spark {version}" for minor, version in SHA256)
    minor, version = list(SHA256)[-1]
    raise UserError(
        f"pyspark {spark} with delta-spark {delta}: lakeflow-local has no hashes of the jars of this pair. "
        f"It knows {known}; install: pip install 'pyspark[connect]=={minor}.*' delta-spark=={version}"
    )


def ensure() -> list[Path]:
    """The jars on this machine, fetched first if they are missing.

    Raises:
        UserError: for versions whose jars are not known, when they cannot be resolved, or when a file is not the one
            that was published.
    """
    pair = installed()
    target = folder()
    paths = [target / name for name in SHA256[pair]]
    if all(path.exists() for path in paths):
        return paths
    target.mkdir(parents=True, exist_ok=True)
    with open(target / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two first starts at once: the second finds the work done
        if not all(path.exists() for path in paths):
            _fetch(target, pair)
    return paths


def state(pair: tuple[str, str]) -> dict[str, str]:
    """Each jar of a pair of versions: `right`, `missing` (the next start fetches it) or `damaged`."""

    def of(path: Path, expected: str) -> str:
        if not path.exists():
            return "missing"
        return "right" if hashlib.sha256(path.read_bytes()).hexdigest() == expected else "damaged"

    return {name: of(folder() / name, expected) for name, expected in SHA256[pair].items()}


def _fetch(target: Path, pair: tuple[str, str]) -> None:
    import pyspark

    package = f"io.delta:delta-spark_{pair[0]}_2.13:{pair[1]}"
    spark_home = Path(pyspark.__file__).parent
    with tempfile.TemporaryDirectory(prefix="lakeflow-local-ivy-") as work:
        # An application that does nothing: spark-submit has resolved its packages before it starts it.
        script = Path(work) / "nothing.py"
        script.write_text("")
        command = [
            str(spark_home / "bin" / "spark-submit"),
            *("--packages", package),
            *("--exclude-packages", ",".join(EXCLUDED)),
            *("--conf", f"spark.jars.ivy={work}"),
            str(script),
        ]
        env = dict(os.environ, SPARK_HOME=str(spark_home), PYSPARK_PYTHON=sys.executable)
        result = subprocess.run(command, capture_output=True, text=True, env=env)
        for name, expected in SHA256[pair].items():
            found = Path(work) / "jars" / name
            if not found.exists():
                cause = _last_line(result.stderr) if result.returncode else f"{name} is not among what was resolved"
                raise UserError(f"Delta's jars could not be fetched from Maven ({package}): {cause}")
            actual = hashlib.sha256(found.read_bytes()).hexdigest()
            if actual != expected:
                raise UserError(f"{name} has the SHA-256 {actual} instead of {expected}: it is not the published file")
            # Copied beside and renamed, so that a killed fetch leaves no half a jar.
            shutil.copy(found, target / f".{name}")
            os.replace(target / f".{name}", target / name)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "Exception" in line or "rror" in line]
    return (errors or lines or ["no output"])[0]
