"""The Java classes that Spark looks for by name: compiled once an environment, by Janino, which Spark brings along."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from lakeflow_local.spark.jvm import jars

NAMED_CATALOG = "lakeflow.local.NamedCatalog"
FILE_SYSTEM = "lakeflow.local.PlatformFileSystem"
PLATFORM_SQL = "lakeflow.local.PlatformSql"
SMALL_TABLES = "lakeflow.local.SmallTables"

_SOURCES = tuple(sorted(Path(__file__).parent.glob("*.java")))


def path() -> Path:
    """The jar with the classes of this version.

    A jar and not a folder, as Java keeps no archive of classes for a class path with a folder on it.
    """
    version = hashlib.sha256(b"".join(source.read_bytes() for source in _SOURCES)).hexdigest()[:12]
    return jars.folder().parent / f"classes-{version}.jar"


def ensure() -> Path:
    """That jar, compiled first if it is missing, which takes a small JVM of its own."""
    jar = path()
    if jar.exists():
        return jar
    with open(jar.with_suffix(".lock"), "w") as lock, tempfile.TemporaryDirectory(dir=jar.parent) as work:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two first starts at once: the second finds the work done
        if not jar.exists():
            _compile(Path(work))
            packed = Path(work, jar.name)
            with zipfile.ZipFile(packed, "w") as archive:
                for compiled in sorted(Path(work).rglob("*.class")):
                    archive.write(compiled, compiled.relative_to(work))
            os.replace(packed, jar)
    return jar


def _compile(work: Path) -> None:
    from pyspark.conf import SparkConf
    from pyspark.java_gateway import launch_gateway

    with_delta = SparkConf(loadDefaults=False).set(
        "spark.driver.extraClassPath", os.pathsep.join(map(str, jars.ensure()))
    )
    gateway: Any = launch_gateway(with_delta, {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL})
    try:
        jvm = gateway.jvm
        compiler = jvm.org.codehaus.janino.Compiler()
        compiler.setSourceVersion(8)
        compiler.setTargetVersion(8)
        compiler.setDestinationDirectory(jvm.java.io.File(str(work)), False)
        sources = gateway.new_array(jvm.java.io.File, len(_SOURCES))
        for index, source in enumerate(_SOURCES):
            sources[index] = jvm.java.io.File(str(source))
        compiler.compile(sources)
    finally:
        gateway.shutdown()
        gateway.proc.stdin.close()  # the JVM waits for the end of its input
        gateway.proc.wait()
