"""Spark's file system on this machine: links and permissions as the machine has them, and no process for either."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError

from lakeflow_local.spark.jvm import jars, javaclasses

OURS, HADOOPS = javaclasses.FILE_SYSTEM, "org.apache.hadoop.fs.LocalFileSystem"
COMMANDS = ("readlink", "chmod")


@pytest.fixture(scope="module")
def calls(tmp_path_factory) -> Path:
    """Where the machine's commands leave their names: those that the JVM finds are ours."""
    return tmp_path_factory.mktemp("calls")


@pytest.fixture(scope="module")
def jvm(calls, tmp_path_factory):
    """A JVM without Spark, with our classes."""
    from pyspark import SparkConf
    from pyspark.java_gateway import launch_gateway

    commands = tmp_path_factory.mktemp("commands")
    for name in COMMANDS:
        file = commands / name
        file.write_text(f'#!/bin/sh\ntouch "{calls}/{name}"\nexec {shutil.which(name)} "$@"\n')
        file.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{commands}{os.pathsep}{os.environ['PATH']}")
        path = os.pathsep.join(map(str, [*jars.ensure(), javaclasses.ensure()]))
        conf = SparkConf(loadDefaults=False).set("spark.driver.extraClassPath", path)
        gateway = launch_gateway(conf, popen_kwargs={"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL})
    yield gateway.jvm
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


def opened(jvm, name: str):
    """A file system of Hadoop."""
    system = jvm.java.lang.Class.forName(name).getDeclaredConstructor(None).newInstance(None)
    system.initialize(jvm.java.net.URI.create("file:///"), jvm.org.apache.hadoop.conf.Configuration())
    return system


def write_and_look(jvm, system, file: Path) -> None:
    """What a commit of Delta's log does: it writes a file, and looks where it is to go."""
    permission = jvm.org.apache.hadoop.fs.permission.FsPermission("640")
    system.create(jvm.org.apache.hadoop.fs.Path(str(file)), permission, True, 4096, 1, 1 << 20, None).close()
    system.getFileLinkStatus(jvm.org.apache.hadoop.fs.Path(file.as_uri()))


@pytest.mark.parametrize(("name", "expected"), [(OURS, set()), (HADOOPS, set(COMMANDS))])
def test_a_commit_starts_no_process_where_hadoop_starts_two(jvm, calls, tmp_path, name, expected):
    for old in calls.iterdir():
        old.unlink()

    write_and_look(jvm, opened(jvm, name), tmp_path / "00.json")

    assert {call.name for call in calls.iterdir()} == expected


def test_a_file_has_the_permission_it_is_written_with(jvm, tmp_path):
    write_and_look(jvm, opened(jvm, OURS), tmp_path / "00.json")

    assert stat.S_IMODE((tmp_path / "00.json").stat().st_mode) == 0o640


def test_a_sticky_folder_stays_possible(jvm, tmp_path):
    permission = jvm.org.apache.hadoop.fs.permission.FsPermission("1755")

    opened(jvm, OURS).setPermission(jvm.org.apache.hadoop.fs.Path(str(tmp_path)), permission)

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1755


def test_links_and_missing_files_are_what_hadoop_says_they_are(jvm, tmp_path):
    (tmp_path / "file").write_text("four")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "gone").symlink_to("nowhere")
    ours, hadoops = opened(jvm, OURS), opened(jvm, HADOOPS)

    def seen(system, text: str) -> object:
        try:
            found = system.getFileLinkStatus(jvm.org.apache.hadoop.fs.Path(text))
        except Py4JJavaError as error:
            return error.java_exception.getClass().getName()
        return found.isSymlink(), found.isFile(), found.getLen()

    for name in ("file", "link", "gone", "missing"):
        for text in (str(tmp_path / name), (tmp_path / name).as_uri()):
            assert seen(ours, text) == seen(hadoops, text), text
