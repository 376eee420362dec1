"""What a person sees of a run, in a terminal and elsewhere."""

import io

from job_plays import Player, condition, each, job, new_run, task

from lakeflow_local.cli.progress import LiveProgress, PlainProgress, make_progress
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.workspace.runner import now


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


SPEC = job(
    task("read"), condition("full", "read"), each("cities", "full:true", inputs="[1, 2]"), task("no", "full:false")
)


def played(progress):
    """Play a run whose second iteration fails, and show every change."""
    player = Player(new_run(SPEC), lambda key, i, n: Result.FAILED if i == 1 else Result.SUCCESS)
    with progress:
        player.begin()
        progress.changed(player.state, player.state.take_changed())
        progress.progress(player.state, "read", None, "trips COMPLETED: 1,200 rows in 2.0 s, 600 rows/s")
        while not player.state.life_cycle.is_final:
            work = player.open[0]
            player.at += 1_500
            player.end(work, Result.FAILED if work.iteration == 1 else Result.SUCCESS, "as the test wants")
            progress.changed(player.state, player.state.take_changed())
    return player.state


def test_outside_of_a_terminal_each_start_and_end_is_a_line():
    stream = io.StringIO()
    progress = make_progress(stream)
    assert isinstance(progress, PlainProgress)
    played(progress)
    lines = [line.split(" ", 1)[1] for line in stream.getvalue().splitlines()]  # without the time of day
    assert "trips read: trips COMPLETED: 1,200 rows in 2.0 s, 600 rows/s" in lines
    assert "trips read SUCCESS in 1.5 s - as the test wants" in lines
    assert "trips full SUCCESS in 0.0 s outcome true" in lines
    assert "trips no EXCLUDED - The condition to run this task was not met." in lines
    assert "trips cities[1] FAILED in 1.5 s - as the test wants" in lines


def test_in_a_terminal_each_task_has_one_line_with_its_state():
    stream = Terminal()
    progress = make_progress(stream)
    assert isinstance(progress, LiveProgress)
    played(progress)
    last = stream.getvalue().rsplit("run 1 trips", 1)[1]
    assert [key in last for key in ("read", "full", "cities", "no")] == [True] * 4
    assert "FAILED" in last
    assert "1 of 2 iterations failed" in last


def failing_once(progress):
    """Let a task that is retried after five minutes fail for the first time, and show it."""
    spec = job(task("refresh", max_retries=3, min_retry_interval_millis=300_000))
    player = Player(new_run(spec))
    player.at = now()
    player.begin()
    progress.changed(player.state, player.state.take_changed())
    player.end(player.open[0], Result.FAILED, "no network\nat all")
    progress.changed(player.state, player.state.take_changed())


def test_a_failed_attempt_says_why_and_when_it_is_tried_again():
    stream = io.StringIO()
    failing_once(PlainProgress(stream))
    assert stream.getvalue().splitlines()[-1].split(" ", 1)[1] == (
        "trips refresh FAILED in 0.0 s - no network, tried again in 5 min (attempt 2 of 4); "
        "--retry-wait none does not wait"
    )


def test_in_a_terminal_the_reason_of_a_failed_attempt_stands_above_the_table():
    stream = Terminal()
    with LiveProgress(stream) as progress:
        failing_once(progress)
    above = stream.getvalue().rsplit("run 1 trips", 1)[0]
    assert "refresh FAILED in 0.0 s - no network" in " ".join(above.split())
