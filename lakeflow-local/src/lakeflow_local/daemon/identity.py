"""What a process must have in common with a command: the same lakeflow-local, Python, Java and packages."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from lakeflow_local.spark.jvm.java import java_command

_PACKAGE = Path(__file__).parent.parent
# What lives in the JVM from its start. Its own settings, which a process with Spark sets for itself, are not among it.
_OF_THE_JVM = ("HADOOP_", "AWS_", "AZURE_", "GOOGLE_", "SPARK_")
_OPTIONS = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "LAKEFLOW_LOCAL_JAVA_OPTIONS")
_OWN = (
    "SPARK_HOME",
    "SPARK_LOCAL_IP",
    "SPARK_REMOTE",
    "SPARK_LOCAL_REMOTE",
    "SPARK_CONNECT_MODE_ENABLED",
    "SPARK_CONF_DIR",
    "SPARK_AUTH_SOCKET_TIMEOUT",
    "SPARK_BUFFER_SIZE",
)


def identity(environment: Mapping[str, str]) -> dict[str, str]:
    """What the process was started with, or a command runs with; the values are for comparison only."""
    return {
        "lakeflow-local": _digest(
            f"{path}:{status.st_mtime_ns}:{status.st_size}"
            for path in sorted(_PACKAGE.rglob("*.*"))
            if path.suffix in (".py", ".java", ".html", ".properties")
            for status in (path.stat(),)
        ),
        "Python": f"{sys.version} {sys.prefix}",
        "Java": _java(environment),
        "installed packages": _digest(
            name
            for folder in sys.path
            if folder.startswith(sys.prefix) and os.path.isdir(folder)
            for name in sorted(os.listdir(folder))
            if name.endswith(".dist-info")
        ),
    }


def difference(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """What differs, in words; empty if nothing does."""
    return _words(name for name in sorted({*before, *now}) if before.get(name) != now.get(name))


def jvm_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that a JVM takes at its start, such as cloud credentials."""
    return {
        name: value
        for name, value in environment.items()
        if name in _OPTIONS or (name.startswith(_OF_THE_JVM) and name not in _OWN)
    }


def _java(environment: Mapping[str, str]) -> str:
    found = java_command(environment)
    return os.path.realpath(found) if found else ""


def _digest(parts: object) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]  # type: ignore[call-overload]


def _words(names: object) -> str:
    *first, last = list(names) or [""]  # type: ignore[call-overload]
    return f"{', '.join(first)} and {last}" if first else last
