"""Java's archive of the classes that Spark and Delta load (AppCDS): with it a JVM starts Spark in half the CPU time.

It is a file of 240 MB beside Delta's jars, made once an environment by `lakeflow-local prepare`. A session without it
starts as ever. Java compares the archive with itself and with the class path, and goes on without one that does not
fit; the name has the versions, so that a new one is made then.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from lakeflow_local.spark.jvm import jars, javaclasses
from lakeflow_local.spark.jvm.java import find_java


def path(java: str) -> Path:
    """Where the archive of this environment is, or would be, for a version of Java."""
    parts = [*jars.installed(), java, javaclasses.path().name]
    return jars.folder().parent / f"classes-{hashlib.sha256(repr(parts).encode()).hexdigest()[:12]}.jsa"


def remove_others(archive: Path) -> None:
    """Remove the archives that earlier versions have left beside this one. A JVM that has mapped one goes on."""
    for other in archive.parent.glob("classes-*.jsa"):
        if other != archive:
            other.unlink(missing_ok=True)


def java_options() -> str:
    """The options that make Java use the archive; empty without one."""
    archive = path(find_java().version)
    # An archive that does not fit, as of another build of the same Java, is no news for the log of Spark.
    return f'"-XX:SharedArchiveFile={archive}" -Xlog:cds=off -Xlog:cds+dynamic=off' if archive.exists() else ""
