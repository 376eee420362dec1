"""`kill -9` of the process, or of a command, at any moment: nothing is lost, and the next command goes on."""

import json
import signal

import pytest
from warm_bundles import finished, is_alive, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

OFTEN = ("on record", "spark started", "work ended")
AT_NIGHT = (
    "starting",
    "fork server started",
    "slot wanted",
    "spark starting",
    "lease given",
    "lease ending",
    "lease ended",
)
POINTS = (*OFTEN, *(pytest.param(point, marks=pytest.mark.exhaustive) for point in AT_NIGHT))
STREAM = """
    from pyspark import pipelines as dp

    @dp.table
    def landed():
        return spark.readStream.schema("id LONG").json("LANDING")
"""


def land(bundle, number):
    bundle.write(f"landing/{number}.json", json.dumps({"id": number}) + "\n")


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_point_the_next_command_goes_on_and_nothing_is_lost_or_doubled(bundle, point):
    bundle.write("transformations/rides.py", STREAM.replace("LANDING", str(bundle.root / "landing")))
    land(bundle, 1)
    dying = bundle.python(
        "-c",
        "import os, signal\n"
        "from lakeflow_local.daemon.server.__main__ import main\n"
        "def failpoint(point):\n"
        f"    if point == {point!r}:\n"
        "        open('reached', 'w').close()\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        f"main([{str(bundle.root)!r}], failpoint)",
    )
    wait_for(lambda: dying.poll() is not None or bundle.status() != {})
    first = bundle.start("run", "rides")
    first.communicate()
    wait_for(lambda: dying.poll() is not None)
    assert (bundle.root / "reached").exists()
    assert dying.returncode == -signal.SIGKILL
    land(bundle, 2)
    bundle.run("run", "rides")
    assert bundle.rows("landed") == [[1], [2]]
    runs = json.loads(bundle.run("runs", "-o", "json").stdout)["runs"]
    assert runs[0]["state"]["result_state"] == "SUCCESS"
    assert all(run["state"]["life_cycle_state"] in ("TERMINATED", "INTERNAL_ERROR") for run in runs)


def test_a_killed_command_keeps_its_lock_until_the_jvm_does_nothing_more_for_it(bundle):
    # The query of the update sleeps in a Python worker of Spark, so that the JVM is at work when the command is killed.
    bundle.write(
        "transformations/rides.py",
        """
        import time
        from pyspark import pipelines as dp
        from pyspark.sql import functions as F

        @F.udf("long")
        def slow(value):
            import pathlib, time
            pathlib.Path("BEGUN").touch()
            time.sleep(SECONDS)
            return value

        @dp.materialized_view
        def trips():
            return spark.range(1).select(slow("id").alias("id"))
        """.replace("BEGUN", str(bundle.root / "begun")).replace("SECONDS", "600"),
    )
    first = bundle.start("run", "rides")
    wait_for((bundle.root / "begun").exists)
    first.kill()
    first.wait()
    path = bundle.root / "transformations" / "rides.py"
    path.write_text(path.read_text().replace("600", "0"))

    def update():
        command = bundle.start("run", "rides")
        _, said = command.communicate()
        assert command.returncode == 0 or "already running" in said, said
        return command.returncode == 0

    wait_for(update)
    assert bundle.rows("trips") == [[0]]
    assert bundle.log().count("Spark is up") <= 2


def test_when_the_process_is_killed_its_jvm_ends_before_the_next_one_begins(bundle):
    bundle.run("workspace", "start")
    jvm = int(bundle.attached("print(spark._jvm.java.lang.ProcessHandle.current().pid())").splitlines()[-1])
    bundle.kill()
    bundle.run("run", "rides")
    assert not is_alive(jvm)
    assert bundle.rows("trips") == [[0], [1], [2]]


def test_a_third_bundle_lets_the_longest_idle_jvm_end_and_waits_while_both_are_at_work(bundle, tmp_path, runtime):
    from warm_bundles import WarmBundle

    second, third = WarmBundle(tmp_path / "second", runtime), WarmBundle(tmp_path / "third", runtime)
    try:
        bundle.run("workspace", "start")
        second.run("workspace", "start")
        third.run("workspace", "start")
        assert [one.status()["spark"] for one in (bundle, second, third)] == ["none", "up", "up"]
        for one in (second, third):
            one.write(
                "transformations/rides.py",
                """
                import pathlib, time
                from pyspark import pipelines as dp

                @dp.materialized_view
                def trips():
                    pathlib.Path("BEGUN").touch()
                    while not pathlib.Path("GO").exists():
                        time.sleep(0.05)
                    return spark.range(1)
                """.replace("BEGUN", str(one.root / "begun")).replace("GO", str(tmp_path / "go")),
            )
        working = [second.start("run", "rides"), third.start("run", "rides")]
        wait_for(lambda: all((one.root / "begun").exists() for one in (second, third)))
        waiting = bundle.start("run", "rides")
        assert any("waiting: 2 other local workspaces are at work with Spark" in line for line in waiting.stderr)
        (tmp_path / "go").touch()
        for process in (*working, waiting):
            finished(process)
    finally:
        second.close()
        third.close()
