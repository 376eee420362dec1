"""`cloudFiles`: what does not fit its schema is rescued, what is no JSON is kept, each file is read once."""

import os

import pytest


@pytest.fixture(scope="module")
def project(make_project):
    return make_project(
        {
            "trips.py": """
                from pyspark import pipelines as dp
                from pyspark.sql import functions as F

                SCHEMA = "id INT, fare DECIMAL(9,2), tags ARRAY<STRING>"

                def landed(schema):
                    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
                    reader = reader.option("cloudFiles.schemaLocation", "ignored").schema(schema)
                    reader = reader.option("cloudFiles.maxBytesPerTrigger", "1g")
                    for name in ("useNotifications", "useIncrementalListing", "useManagedFileEvents"):
                        reader = reader.option(f"cloudFiles.{name}", False)
                    reader = reader.options(**{
                        "cloudFiles.validateOptions": True,
                        "cloudFiles.backfillInterval": "1 day",
                        "cloudFiles.cleanSource": "OFF",
                    })
                    return reader.load(spark.conf.get("landing"))

                @dp.table
                def trips():
                    frame = landed(SCHEMA + ", _rescued_data STRING, _corrupt_record STRING")
                    return frame.select("*", F.col("_metadata.file_name").alias("file"))

                @dp.table
                def without_corrupt():
                    return landed(SCHEMA)
            """
        }
    )


def test_rows_are_typed_rescued_or_kept_as_they_are(project):
    project.land("deep/er/1.json", {"id": 1, "fare": 2.5, "tags": ["x"]}, '[{"id": 2}, {"id": 3}]', "", '{"id": 4, "fa')
    project.land("2.json", {"id": "five", "fare": 1, "colour": "red"})
    update = project.update()
    assert update.state == "COMPLETED", update.error
    rows = {row["id"]: row for row in project.spark.table(f"{project.schema}.trips").where("id IS NOT NULL").collect()}
    assert sorted(rows) == [1, 2, 3]
    assert (str(rows[1]["fare"]), rows[1]["tags"], rows[1]["_rescued_data"], rows[1]["file"]) == (
        "2.50",
        ["x"],
        None,
        "1.json",
    )
    others = project.rows("trips", "id", "_corrupt_record", "file", "_rescued_data")
    assert (None, '{"id": 4, "fa', "1.json", None) in others
    rescued = next(row[3] for row in others if row[2] == "2.json")
    assert '"id":"five"' in rescued and '"colour":"red"' in rescued and '"_file_path":"file:' in rescued
    assert len(project.rows("without_corrupt")) == 4  # the broken line is gone, as on the platform


def test_a_late_file_with_an_old_time_is_read_and_no_file_twice(project):
    before = len(project.rows("trips"))
    project.land("late.json", {"id": 9})
    os.utime(project.root / "landing" / "late.json", (1_000_000_000, 1_000_000_000))
    os.utime(project.root / "landing" / "2.json")  # touched, and still the same file
    update = project.update("trips")
    assert update["trips"].rows == 1
    assert len(project.rows("trips")) == before + 1
