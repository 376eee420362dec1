"""Java is found where it is installed, under whatever name it is called, and asked for its version once."""

import os
import shutil
from pathlib import Path

import pytest

from lakeflow_local.errors import UserError
from lakeflow_local.spark.jvm import java

REAL = Path(shutil.which("java")).resolve()


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    java._properties.cache_clear()
    monkeypatch.delenv("JAVA_HOME", raising=False)
    yield
    java._properties.cache_clear()


@pytest.fixture
def shims(tmp_path, monkeypatch):
    """A folder as a version manager has it, first on the PATH: each command is the manager's, or a link to it."""
    folder = tmp_path / "shims"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_shim_that_is_a_script_leads_to_the_java_that_it_calls(shims):
    script(shims / "java", f'exec "{REAL}" "$@"')
    found = java.find_java()
    assert found.path.resolve() == REAL and (found.home / "lib" / "modules").exists()


def test_a_shim_that_is_a_link_is_called_by_its_own_name(shims, tmp_path):
    script(tmp_path / "manager", f'[ "${{0##*/}}" = java ] || exit 9\nexec "{REAL}" "$@"')
    (shims / "java").symlink_to(tmp_path / "manager")
    assert java.find_java().path.resolve() == REAL


def test_one_java_is_started_once_for_its_version(shims, tmp_path, monkeypatch):
    home = tmp_path / "jdk"
    (home / "bin").mkdir(parents=True)
    calls = tmp_path / "calls"
    told = f"    java.home = {home}\\n    java.version = 21.0.2\\n"
    script(home / "bin" / "java", f'echo "$@" >> {calls}\nprintf "{told}" >&2')
    (shims / "java").symlink_to(home / "bin" / "java")
    first = java.find_java()
    assert (first.home, first.version) == (home, "21.0.2")
    monkeypatch.setenv("JAVA_HOME", str(first.home))  # as a session sets it
    assert java.find_java() == first
    assert len(calls.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ("java.version = 1.8.0_402", "is 1.8.0_402:"),
        ("java.version = 11.0.22", "is 11.0.22:"),
        ("no such option", "is unknown:"),
    ],
)
def test_an_older_java_is_refused_with_what_to_do(shims, says, message):
    script(shims / "java", f'echo "    {says}" >&2')
    with pytest.raises(UserError, match=f"Java 17 or later is needed, {shims}/java {message} install it"):
        java.find_java()
