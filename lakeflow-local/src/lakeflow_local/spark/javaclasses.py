"""The Java class that Spark looks for by name: compiled once an environment, by Janino, which Spark brings along."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

from lakeflow_local.spark import jars

NAMED_CATALOG = "lakeflow.local.NamedCatalog"

_SOURCE = Path(__file__).with_name("NamedCatalog.java")
_DONE = ".done"


def folder() -> Path:
    """The folder for the compiled class of this version; made here, as Java ignores what is not there at its start."""
    version = hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:12]
    path = jars.folder().parent / f"classes-{version}"
    path.mkdir(parents=True, exist_ok=True)
    return path


def compile_once(gateway: Any) -> None:
    """Compile the class in the JVM of a gateway, unless this environment has it."""
    classes = folder()
    if (classes / _DONE).exists():
        return
    jvm = gateway.jvm
    with tempfile.TemporaryDirectory(dir=classes) as work:
        compiler = jvm.org.codehaus.janino.Compiler()
        compiler.setSourceVersion(8)
        compiler.setTargetVersion(8)
        compiler.setDestinationDirectory(jvm.java.io.File(work), False)
        sources = gateway.new_array(jvm.java.io.File, 1)
        sources[0] = jvm.java.io.File(str(_SOURCE))
        compiler.compile(sources)
        for compiled in Path(work).rglob("*.class"):  # two first starts at once put the same classes there
            place = classes / compiled.relative_to(work)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(compiled, place)
    (classes / _DONE).touch()
