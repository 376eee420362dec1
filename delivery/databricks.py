"""Calls the Databricks CLI in an unpacked release."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from delivery.archive import Release
from delivery.errors import DeliveryError


@dataclass(frozen=True)
class Databricks:
    """The CLI for one release and one target. Host and credentials are those of its environment.

    An unpacked release has no .git, so the commit is passed as a variable; and its wheel is there, so the command that
    builds one is replaced by one that does nothing.
    """

    release: Release
    target: str

    def __call__(self, *arguments: str) -> str:
        """Runs `databricks ARGUMENTS` and returns its standard output.

        Raises:
            DeliveryError: it is not on the PATH, or failed; with what it said.
        """
        program = shutil.which("databricks")
        if program is None:
            raise DeliveryError("the databricks CLI is not on the PATH: docs/promotion.md says which version")
        done = subprocess.run(
            [program, *arguments],
            cwd=self.release.root,
            env={**os.environ, **self.variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            # Standard output may hold the whole bundle; what went wrong is on the other one.
            raise DeliveryError(f"databricks {' '.join(arguments)} failed:\n{(done.stderr or done.stdout).strip()}")
        return done.stdout

    @property
    def variables(self) -> dict[str, str]:
        return {"BUNDLE_VAR_commit": self.release.manifest.commit, "BUNDLE_VAR_wheel_build": "true"}

    def bundle(self, command: str, *arguments: str) -> str:
        """`databricks bundle COMMAND -t TARGET ARGUMENTS`."""
        return self("bundle", command, "-t", self.target, *arguments)

    def settings(self) -> dict[str, Any]:
        """The resolved bundle."""
        return json.loads(self.bundle("validate", "-o", "json"))

    def plan(self) -> dict[str, Any]:
        """What a deployment would do now. Changes nothing."""
        return json.loads(self.bundle("plan", "-o", "json"))

    def version(self) -> str:
        return json.loads(self("version", "-o", "json"))["Version"]
