"""A landing folder that somebody has put links, pipes and odd names into: each file is read once, the rest is said."""

import json
import os
import random

import pytest

from lakeflow_local.pipelines.files import landing, links

READER = """
    import dlt
    from pyspark.sql import SparkSession

    @dlt.table
    def rides():
        spark = SparkSession.getActiveSession()
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "FORMAT").option("header", True)
        return reader.load(spark.conf.get("landing")).selectExpr("ride", "_metadata.file_path AS path")
"""


def row(kind, ride):
    return {"ride": ride} if kind == "json" else f'ride\n"{ride}"'


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_links_that_lead_out_or_into_a_circle_are_not_followed_and_said(make_project, tmp_path, kind):
    project = make_project({"rides.py": READER.replace("FORMAT", kind)})
    folder, outside = project.root / "landing", tmp_path / "outside"
    outside.mkdir()
    (outside / f"secret.{kind}").write_text('{"ride": "outside"}' if kind == "json" else "ride\noutside\n")
    for name in ("a", "loo", "loop2", "2026/a", "2026/b-{x},y*", "2026/deep/a", "_hidden/a"):
        project.land(f"{name}.{kind}", row(kind, name))
    project.land(f".hidden.{kind}", row(kind, "hidden"))
    (folder / "loop").symlink_to(folder)
    (folder / "2026" / "up").symlink_to("..")
    (folder / "2026" / "out").symlink_to(outside)
    (folder / "2026" / "deep" / f"secret.{kind}").symlink_to(outside / f"secret.{kind}")
    (folder / f"again.{kind}").symlink_to(folder / f"a.{kind}")
    (folder / f"gone.{kind}").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / f"pipe.{kind}")
    update = project.update()
    assert update.state == "COMPLETED", update.error
    assert sorted(ride for (ride,) in project.rows("rides", "ride")) == sorted(
        ["a", "a", "loo", "loop2", "2026/a", "2026/b-{x},y*", "2026/deep/a"]
    )
    [result] = update.datasets
    assert sorted(warning.partition(" in landing")[0] for warning in result.warnings) == sorted(
        ["loop", "2026/up", "2026/out", f"2026/deep/secret.{kind}", f"gone.{kind}", f"pipe.{kind}"]
    )
    project.land(f"2026/later.{kind}", row(kind, "later"))
    assert project.update().state == "COMPLETED"
    assert len(project.rows("rides", "ride")) == 8


def test_mutated_files_end_no_update_and_lose_no_line(make_project):
    project = make_project(
        {
            "rides.py": """
                import dlt
                from pyspark.sql import SparkSession

                @dlt.table
                def rides():
                    spark = SparkSession.getActiveSession()
                    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
                    reader = reader.schema("ride STRING, n INT, _rescued_data STRING, _corrupt_record STRING")
                    return reader.load(spark.conf.get("landing"))
            """
        }
    )
    dice = random.Random(5)
    landed = 0
    for number in range(60):
        line = bytearray(json.dumps({"ride": f"é{number}", "n": number, "more": [1, {"a": None}]}).encode())
        for _ in range(dice.randint(0, 8)):
            line[dice.randrange(len(line))] = dice.choice([b for b in range(1, 256) if b not in b"\r\n"])
        project.land(f"{number}.json")
        (project.root / "landing" / f"{number}.json").write_bytes(line + dice.choice([b"", b"\n", b"\n\n", b"\r\n"]))
        landed += 1
    (project.root / "landing" / "empty.json").write_bytes(b"")
    before = {path for path in project.root.rglob("*") if ".lakeflow" not in path.parts}
    update = project.update()
    assert update.state == "COMPLETED", update.error
    assert len(project.rows("rides")) >= landed
    assert {path for path in project.root.rglob("*") if ".lakeflow" not in path.parts} == before


def test_a_folder_without_links_is_read_as_it_is(tmp_path):
    (tmp_path / "a.json").write_text("{}")
    assert links.readable(str(tmp_path)) == str(tmp_path)
    assert landing.files(str(tmp_path)) == [str(tmp_path / "a.json")]


def test_a_file_that_vanishes_while_it_is_listed_is_not_listed(tmp_path, monkeypatch):
    for name in ("kept.json", "gone.json"):
        (tmp_path / name).write_text("{}")
    ask = os.stat

    def stat(path, *args, **named):
        if os.fspath(path).endswith("gone.json"):
            (tmp_path / "gone.json").unlink(missing_ok=True)
        return ask(path, *args, **named)

    monkeypatch.setattr(landing.os, "stat", stat)
    assert landing.files(str(tmp_path), is_of_time=lambda time: time > 0) == [str(tmp_path / "kept.json")]


def test_a_file_that_changes_or_goes_after_it_was_read_is_not_read_again(make_project):
    project = make_project({"rides.py": READER.replace("FORMAT", "json")})
    for name in ("changed", "gone"):
        project.land(f"{name}.json", row("json", name))
    assert project.update().state == "COMPLETED"
    (project.root / "landing" / "changed.json").write_text('{"ride": "other"}\n{"ride": "more"}\n')
    (project.root / "landing" / "gone.json").unlink()
    project.land("new.json", row("json", "new"))
    update = project.update()
    assert update.state == "COMPLETED", update.error
    assert sorted(project.rows("rides", "ride")) == [("changed",), ("gone",), ("new",)]
