"""The page of real runs: it is whole by itself, says what happened, and shows neither markup of others nor secrets."""

import re

import pytest
from click.testing import CliRunner
from job_plays import job, new_run, task
from report_runs import SECRET, Page, page_of, play, record, update

from lakeflow_local.cli.main import cli
from lakeflow_local.errors import ChoiceError
from lakeflow_local.jobs.machine.machine import advance
from lakeflow_local.jobs.model.events import Begin
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.workspace.admission import settle_lost


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trips")
    play(folder)
    return folder


@pytest.fixture(scope="module")
def texts(root):
    """Run id -> its page, as the command writes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        for run_id in (1, 2, 3):
            done = CliRunner().invoke(cli, ["report", str(run_id)], standalone_mode=False, catch_exceptions=False)
            assert done.output == f".lakeflow/reports/run-{run_id}.html\n"
    return {run_id: (root / f".lakeflow/reports/run-{run_id}.html").read_text() for run_id in (1, 2, 3)}


@pytest.fixture(scope="module")
def pages(texts):
    return {run_id: Page(text) for run_id, text in texts.items()}


def test_the_page_needs_nothing_from_outside(texts, pages):
    for run_id, page in pages.items():
        assert page.attributes("src") == []
        assert all(link.startswith(("#", "data:")) for link in page.attributes("href"))
        assert not re.search(r"@import|url\(|https?:", texts[run_id])


def test_every_link_leads_to_something_on_the_page(pages):
    for page in pages.values():
        ids = page.attributes("id")
        assert len(ids) == len(set(ids))
        assert {link[1:] for link in page.attributes("href") if link.startswith("#")} <= set(ids)


def test_a_run_that_was_refused_says_so_and_all_its_links_lead_somewhere(tmp_path):
    store = RunStore(tmp_path / ".lakeflow")
    source = job(task("a"), task("b", "a")).source
    run_id, lock = store.create(kind="job", key="trips", name="trips", job_id=7, target="local", source=source, at=0)
    refused = Result.MAXIMUM_CONCURRENT_RUNS_REACHED
    store.mark(run_id, LifeCycle.SKIPPED, refused, "run 7 of trips is active", 2000)
    lock.release()
    page = Page(page_of(store, run_id))
    assert "✗ MAXIMUM_CONCURRENT_RUNS_REACHED run 7 of trips is active" in page.text
    assert {link[1:] for link in page.attributes("href") if link.startswith("#")} <= set(page.attributes("id"))


def test_what_a_log_a_value_an_input_or_a_parameter_says_stays_text(texts, pages):
    assert [tag for tag, _ in pages[1].tags].count("script") == 1  # the page's own
    assert "&lt;script&gt;alert(&#39;from a log&#39;)&lt;/script&gt; &amp; more" in texts[1]
    assert "<b>north" not in texts[1]
    for shown in ("<b>north</b>", "Counts <trips>.", "no <tickets> yet", "Köln & Bonn"):
        assert shown in pages[1].text


def test_no_secret_is_on_the_page(texts, pages):
    for text in texts.values():
        assert SECRET not in text
        assert "en-4711" not in text
    assert "[REDACTED]" in pages[1].text


def test_each_task_is_drawn_with_its_state_and_links_to_its_attempts(texts):
    drawing = re.search(r"<svg.*?</svg>", texts[1], re.DOTALL)[0]
    drawn = Page(drawing)
    assert drawn.attributes("href") == [f"#task-{key}" for key in ("flaky", "is_open", "closed", "zones", "sum")]
    assert "flaky ✓ SUCCESS · 2 tries" in drawn.text
    assert "zones ✓ SUCCESS · 2 tries · 2/2" in drawn.text
    assert "closed ○ EXCLUDED" in drawn.text
    assert drawn.text.startswith("false true") or drawn.text.startswith("true false")  # the branches of the condition


def test_a_retry_is_shown_with_its_reason_and_both_logs(pages):
    text = pages[2].text
    assert "attempt 1" not in text  # in run 2 nothing had to be tried again
    text = pages[1].text
    assert "started again: retry 1 of 1 (max_retries)" in text
    assert "↻ retry 1 of 1 (max_retries)" in text
    assert text.count("alert('from a log')") == 2


def test_a_repaired_run_shows_each_pass_and_all_attempts(pages):
    text = pages[1].text
    assert "with 1 repair, and the time between" in text
    assert "Repair 1" in text
    assert "the south is closed" in text  # of the attempt that failed
    assert "attempt 1 of repair 1" in text
    assert "not the default" in text  # the parameter


def test_iterations_are_shown_with_their_input_and_log(pages):
    text = pages[2].text
    assert "2 iterations: 1 succeeded, 1 failed, 0 active" in text
    assert re.search(r"✗ FAILED \[1\] south .* log zone south", text)


def test_task_values_are_shown(pages):
    assert re.search(r'Task values zones \["<b>north</b>", "south"\]', pages[1].text)


def test_who_would_be_told_and_who_would_not_is_said(pages):
    assert (
        "on_success rider@example.test email attempt 1 of flaky ended SUCCESS" not in pages[1].text
    )  # not the repair's
    assert "on_success rider@example.test email attempt 0 of flaky ended SUCCESS" in pages[2].text
    assert "nobody hears of the failure of zones: neither task nor job has a recipient for it" in pages[2].text


def test_a_partial_run_draws_its_own_tasks_only(pages):
    assert "only sum" in pages[3].text
    assert "ALL_SUCCESS of zones (not in this run)" in pages[3].text
    assert [link for link in pages[3].attributes("href") if link.startswith("#task-")] == ["#task-sum"] * 2


def test_a_page_goes_where_it_is_wanted(root, monkeypatch, tmp_path):
    monkeypatch.chdir(root)
    path = tmp_path / "deep" / "page.html"
    CliRunner().invoke(cli, ["report", "3", "-o", str(path)], standalone_mode=False, catch_exceptions=False)
    assert path.read_text().startswith("<!doctype html>")


def test_a_run_that_does_not_exist_is_one_line(root, monkeypatch):
    monkeypatch.chdir(root)
    failure = CliRunner().invoke(cli, ["report", "99"], standalone_mode=False).exception
    assert isinstance(failure, ChoiceError)
    assert str(failure) == "there is no run 99; the newest are 3, 2, 1"


@pytest.fixture
def running(tmp_path):
    """A store with run 1 of a job at work: task a has begun, task b waits for it."""
    store = RunStore(tmp_path / ".lakeflow")
    spec = job(task("a"), task("b", "a"))
    run_id, lock = store.create(
        kind="job", key="trips", name="trips", job_id=7, target="local", source=spec.source, at=0
    )
    state = new_run(spec)
    advance(state, Begin(at=1000))
    store.save(state, 1000)
    yield store, run_id, lock
    if store.is_alive(run_id):
        lock.release()
    store.close()


def test_a_running_run_is_shown_as_of_now(running):
    store, run_id, _ = running
    text = Page(page_of(store, run_id, now=61_000)).text
    assert "… RUNNING as of" in text
    assert "a … RUNNING" in text
    assert "… RUNNING, 1 min 0 s" in text  # the bar of task a
    assert re.search(r"b ○ BLOCKED .*not started", text)


def test_a_run_whose_runner_died_is_shown_as_lost(running):
    store, run_id, lock = running
    lock.release()
    settle_lost(store, 5000)
    text = Page(page_of(store, run_id)).text
    assert "✗ INTERNAL_ERROR" in text
    assert "nobody hears of the failure of a" in text


@pytest.fixture
def rides(tmp_path):
    """A store with three updates of a pipeline: all rows good, no rows, some rows bad and a failure."""
    store = RunStore(tmp_path / ".lakeflow")
    outcomes = [update(1, (10, 0)), update(2), update(3, (1999, 1), state="FAILED", error="trips: <nothing> there")]
    for number, outcome in enumerate(outcomes, start=1):
        record(store, outcome, number)
    yield store
    store.close()


def test_a_pipeline_run_shows_rows_and_pass_rates_over_the_last_updates(rides):
    text = page_of(rides, 3)
    page = Page(text)
    assert "trips 1,200 3 1.5 s ✗ FAILED" in page.text
    assert "fare_given 1,999 1 99.95 %" in page.text
    assert [label.split() for label in page.attributes("aria-label")] == [["100", "%", "no", "rows", "99.95", "%"]]
    assert "trips: <nothing> there" in page.text
    assert "slow <source>" in page.text


def test_a_later_update_is_not_in_the_trend_of_an_earlier_run(rides):
    page = Page(page_of(rides, 2))
    assert "fare_given no new rows" in page.text
    assert [label.split() for label in page.attributes("aria-label")] == [["100", "%", "no", "rows"]]
