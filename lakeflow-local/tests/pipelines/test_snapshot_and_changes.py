"""Snapshots and changes into one target of SCD type 1, and what the platform does not combine."""

import pytest

from lakeflow_local.errors import UserError

from .test_declare import declared

FILE = """
    from pyspark import pipelines as dp

    @dp.materialized_view
    def base():
        return spark.read.schema("id INT, v STRING").json(f"{spark.conf.get('landing')}/base")

    @dp.table
    def feed():
        return spark.readStream.schema("id INT, v STRING, q INT").json(f"{spark.conf.get('landing')}/feed")

    def versions(latest):
        taken = {2: [(1, "x"), (2, "y")], 5: [(1, "x"), (3, "z")]}
        following = next((number for number in taken if latest is None or number > latest), None)
        return None if following is None else (spark.createDataFrame(taken[following], "id INT, v STRING"), following)

    for target, source in (("now", "base"), ("versioned", versions)):
        dp.create_streaming_table(target)
        dp.create_auto_cdc_flow(
            target, "feed", ["id"], "q", except_column_list=["q"], name=f"{target}_changes", stored_as_scd_type=1
        )
        dp.create_auto_cdc_from_snapshot_flow(target, source, ["id"], name=f"{target}_snapshots")
"""


@pytest.mark.slow
def test_what_differs_between_two_snapshots_is_placed_among_the_changes(make_project):
    project = make_project({"all.py": FILE})
    project.land("base/1.json", {"id": 1, "v": "a"}, {"id": 2, "v": "b"}, {"id": 3, "v": "c"})
    project.land("feed/1.json", {"id": 2, "v": "B", "q": 1})
    update = project.update()
    assert update.state == "COMPLETED", update.error
    assert project.rows("now") == [(1, "a"), (2, "B"), (3, "c")]
    # Version 5 no longer has key 2, and its change is from before.
    assert project.rows("versioned") == [(1, "x"), (3, "z")]
    (project.root / "landing" / "base" / "1.json").unlink()
    project.land("base/2.json", {"id": 1, "v": "a2"}, {"id": 2, "v": "b"})
    project.land(
        "feed/2.json", {"id": 2, "v": "late", "q": 0}, {"id": 4, "v": "D", "q": 6}, {"id": 1, "v": "w", "q": 4}
    )
    update = project.update()
    assert update.state == "COMPLETED", update.error
    # Key 2 is in both snapshots as it was, so the change stays; key 3 is gone; a change with q = 4 is newer than both.
    assert project.rows("now") == [(1, "w"), (2, "B"), (4, "D")]
    assert project.rows("versioned") == [(1, "w"), (3, "z"), (4, "D")]
    assert project.update("now").datasets and project.rows("now") == [(1, "w"), (2, "B"), (4, "D")]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("'at', stored_as_scd_type=2", "works with SCD type 1 only"),
        ("'at', ignore_null_updates=True", "does not work with ignore_null_updates"),
    ],
)
def test_what_the_platform_does_not_combine_is_refused(tmp_path, change, problem):
    text = "dp.create_streaming_table('t')\ndp.create_auto_cdc_from_snapshot_flow('t', 's', ['k'], name='n')\n"
    with pytest.raises(UserError, match=rf"trips\.py:4: .*{problem}"):
        declared(tmp_path, f"{text}dp.create_auto_cdc_flow('t', 's', ['k'], {change})\n")
    with pytest.raises(UserError, match="needs the same keys"):
        declared(tmp_path, f"{text}dp.create_auto_cdc_flow('t', 's', ['other'], 'at')\n")
