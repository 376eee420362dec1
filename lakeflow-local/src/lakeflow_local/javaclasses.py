"""The Java classes that Spark looks for by name: compiled once an environment, by Janino, which Spark brings along."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

from lakeflow_local import jars

NAMED_CATALOG = "lakeflow.local.NamedCatalog"
LISTED_FILES = "lakeflow.local.ListedFiles"

_SOURCES = [Path(__file__).with_name(f"{name.rsplit('.', 1)[-1]}.java") for name in (NAMED_CATALOG, LISTED_FILES)]
_DONE = ".done"


def folder() -> Path:
    """The folder for the classes of this version; made here, as Java ignores what is not there at its start."""
    version = hashlib.sha256(b"".join(source.read_bytes() for source in _SOURCES)).hexdigest()[:12]
    path = jars.folder().parent / f"classes-{version}"
    path.mkdir(parents=True, exist_ok=True)
    return path


def compile_once(gateway: Any) -> None:
    """Compile the classes in the JVM of a gateway, unless this environment has them."""
    classes = folder()
    if (classes / _DONE).exists():
        return
    jvm = gateway.jvm
    with tempfile.TemporaryDirectory(dir=classes) as work:
        compiler = jvm.org.codehaus.janino.Compiler()
        compiler.setSourceVersion(8)
        compiler.setTargetVersion(8)
        compiler.setDestinationDirectory(jvm.java.io.File(work), False)
        sources = gateway.new_array(jvm.java.io.File, len(_SOURCES))
        for number, source in enumerate(_SOURCES):
            sources[number] = jvm.java.io.File(str(source))
        compiler.compile(sources)
        for compiled in Path(work).rglob("*.class"):  # two first starts at once put the same classes there
            place = classes / compiled.relative_to(work)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(compiled, place)
    (classes / _DONE).touch()
