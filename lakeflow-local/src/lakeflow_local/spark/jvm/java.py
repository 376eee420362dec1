"""Which Java runs Spark."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lakeflow_local.errors import UserError

OLDEST = 17


@dataclass(frozen=True)
class Java:
    """One installation of Java.

    Attributes:
        home: its folder, with `bin/java` in it.
        version: what it says of itself, such as `17.0.12`.
    """

    home: Path
    version: str

    @property
    def path(self) -> Path:
        """The command."""
        return self.home / "bin" / "java"


def java_command(environment: Mapping[str, str]) -> str | None:
    """The command that an environment names: of `JAVA_HOME`, where there may be none, else on the `PATH`."""
    home = environment.get("JAVA_HOME")
    return os.path.join(home, "bin", "java") if home else shutil.which("java", path=environment.get("PATH"))


def find_java() -> Java:
    """The Java that Spark will use: that of `JAVA_HOME`, else the one on the `PATH`.

    Raises:
        UserError: when there is none, or it is too old; one line that says what to install.
    """
    command = java_command(os.environ)
    advice = "install it (Debian: apt install openjdk-17-jre-headless), or set JAVA_HOME"
    if not command or not Path(command).exists():
        raise UserError(f"Java {OLDEST} or later is needed and none was found: {advice}")
    real = os.path.realpath(command)
    # A link to something else than a Java is the shim of a version manager, which goes by the name it is called by.
    said = _properties(real if os.path.basename(real) == "java" else command)
    version = said.get("java.version", "")
    major = version.partition(".")[0]
    if not major.isdigit() or int(major) < OLDEST:
        raise UserError(f"Java {OLDEST} or later is needed, {command} is {version or 'unknown'}: {advice}")
    return Java(Path(said["java.home"]), version)


@cache  # a JVM is started for it, and each session asks for it several times
def _properties(command: str) -> dict[str, str]:
    """What a Java says of itself; the place of a command is not where Java is if it is a shim."""
    said = subprocess.run([command, "-XshowSettings:properties", "-version"], capture_output=True, text=True).stderr
    return dict(re.findall(r"^ +(java\.\w+) = (.+)$", said, re.MULTILINE))
