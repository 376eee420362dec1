"""Sinks: rows leave the pipeline once, and what cannot be served is named."""

import pytest

from lakeflow_local.errors import UserError

SOURCE = """
    from pathlib import Path
    from pyspark import pipelines as dp

    dp.create_sink("lake", "delta", {"path": "/Volumes/main/out/orders"})
    dp.create_sink("table", format="delta", options={"tableName": "exported.orders"})

    @dp.foreach_batch_sink
    def notes(df, batch_id):
        with open(spark.conf.get("notes"), "a") as file:
            file.write(f"{batch_id}: {sorted(row.id for row in df.collect())}\\n")

    @dp.table
    def orders():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema("id INT").load(spark.conf.get("landing"))

    for sink in ("lake", "table", "notes"):
        @dp.append_flow(target=sink, name=f"to_{sink}")
        def flow():
            return spark.readStream.table("orders")
"""


@pytest.fixture(scope="module")
def project(make_project):
    project = make_project({"orders.py": SOURCE})
    project.spec["configuration"]["notes"] = str(project.root / "notes")
    project.land("1.json", {"id": 1}, {"id": 2})
    update = project.update()
    assert update.state == "COMPLETED", update.error
    project.land("2.json", {"id": 3})
    update = project.update()
    assert update.state == "COMPLETED" and update["lake"].rows == 1
    return project


def exported(project):
    lake = project.spark.read.format("delta").load(str(project.root / ".lakeflow/volumes/main/out/orders"))
    return [sorted(row.id for row in frame.collect()) for frame in (lake, project.spark.read.table("exported.orders"))]


@pytest.mark.slow
def test_each_row_reaches_each_sink_once_over_several_updates(project):
    assert exported(project) == [[1, 2, 3], [1, 2, 3]]
    assert (project.root / "notes").read_text() == "0: [1, 2]\n1: [3]\n"


@pytest.mark.slow
def test_a_validation_and_an_update_without_new_rows_send_nothing(project):
    assert project.update(validate_only=True).state == "COMPLETED"
    assert project.update()["lake"].up_to_date
    assert exported(project) == [[1, 2, 3], [1, 2, 3]]


@pytest.mark.slow
def test_a_full_refresh_sends_everything_again_and_clears_nothing(project):
    update = project.update(full_refresh=["lake", "notes"])
    assert update.state == "COMPLETED", update.error
    assert exported(project) == [[1, 1, 2, 2, 3, 3], [1, 2, 3]]
    assert (project.root / "notes").read_text().endswith("0: [1, 2, 3]\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("dp.create_sink('s', 'kafka', {'topic': 't'})", "sink s: format kafka needs a message broker"),
        ("dp.create_sink('s', 'delta', {})", "needs one of the options path and tableName"),
        (
            "dp.create_sink('s', 'delta', {'path': 'p'})\n"
            "@dp.append_flow(target='s')\n@dp.expect('any', 'id > 0')\ndef f(): ...",
            "flow f has expectations",
        ),
        (
            "dp.create_sink('s', 'delta', {'path': 'p'})\n@dp.append_flow(target='s', once=True)\ndef f(): ...",
            "flow f runs once, over a batch: a sink takes streams only",
        ),
    ],
)
def test_what_a_sink_cannot_do_is_named_with_its_line(make_project, line, message):
    project = make_project({"sink.py": "from pyspark import pipelines as dp\n" + line})
    with pytest.raises(UserError, match=f"sink.py:[23]: .*{message}"):
        project.update()
