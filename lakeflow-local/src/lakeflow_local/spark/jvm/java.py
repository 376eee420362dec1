"""Which Java runs Spark."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from lakeflow_local.errors import UserError

OLDEST = 17


def find_java() -> str:
    """The path of the Java that Spark will use.

    Raises:
        UserError: when there is none, or it is too old; one line that says what to install.
    """
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    advice = "install it (Debian: apt install openjdk-17-jre-headless), or set JAVA_HOME"
    if not java or not Path(java).exists():
        raise UserError(f"Java {OLDEST} or later is needed and none was found: {advice}")
    version = java_version(java)
    major = version.partition(".")[0]
    if not major.isdigit() or int(major) < OLDEST:
        raise UserError(f"Java {OLDEST} or later is needed, {java} is {major or 'unknown'}: {advice}")
    return java


@cache  # a JVM is started for it, and each session asks for it several times
def java_version(java: str) -> str:
    """What a Java says of itself, such as `17.0.12`; empty if it says nothing of the kind."""
    output = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(\d[^"]*)', output)
    return found[1] if found else ""
