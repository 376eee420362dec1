"""Java maps the archive of classes that `lakeflow-local prepare` has made, which `make` calls."""

import sys
from pathlib import Path

import pytest

from lakeflow_local.spark.jvm import classarchive
from lakeflow_local.spark.jvm.java import find_java


@pytest.mark.skipif(sys.platform != "linux", reason="what a process maps is read from /proc")
def test_the_jvm_of_a_session_maps_the_archive(spark):
    pid = spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid()
    assert str(classarchive.path(find_java().version)) in Path(f"/proc/{pid}/maps").read_text()


def test_a_new_archive_takes_the_place_of_those_of_earlier_versions(tmp_path):
    new = tmp_path / "classes-new.jsa"
    for name in (new.name, "classes-old.jsa", "classes-old.jar", "shapes.json"):
        (tmp_path / name).touch()
    classarchive.remove_others(new)
    assert {file.name for file in tmp_path.iterdir()} == {"classes-new.jsa", "classes-old.jar", "shapes.json"}
