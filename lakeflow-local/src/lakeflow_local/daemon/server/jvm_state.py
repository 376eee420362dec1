"""What a JVM has from its start, or shares among its sessions, and which commands may therefore not use it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from lakeflow_local.daemon.identity import jvm_environment
from lakeflow_local.spark.session import SparkServer


def differing(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Which variables of the JVM differ, without their values."""
    old, new = jvm_environment(before), jvm_environment(now)
    names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    return f"{', '.join(names)} changed in the environment" if names else ""


def is_of_a_terminal(name: str) -> bool:
    """Whether a variable differs from terminal to terminal, or is Spark's or ours to set."""
    return name.startswith(("SPARK_", "PYSPARK_", "PYTHON", "SSH_", "TERM", "XDG_", "LAKEFLOW_LOCAL_")) or name in (
        ("_", "PWD", "OLDPWD", "SHLVL", "WINDOWID", "COLUMNS", "LINES", "JAVA_HOME", "TZ", "PYTEST_CURRENT_TEST")
    )


def hadoop_settings(server: SparkServer) -> str:
    """A digest of the settings of Hadoop, which all sessions share."""
    writer = server.spark._jvm.java.io.StringWriter()
    server.spark._jsc.sc().hadoopConfiguration().writeXml(writer)
    return hashlib.sha256(writer.toString().encode()).hexdigest()
