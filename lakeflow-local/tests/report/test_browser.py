"""The page in a real browser, where one is installed."""

import re

import pytest
from headless import WIDTHS, dom, needs_browser, scroll_widths
from report_runs import play, record, update

from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.report.contents import contents
from lakeflow_local.report.page import render
from lakeflow_local.report.redaction import Redactor
from lakeflow_local.workspace.runner import now

pytestmark = needs_browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of run 1, which was repaired, of run 2, which failed, and of a pipeline with an endless name."""
    root = tmp_path_factory.mktemp("trips")
    play(root)
    store = RunStore(root / ".lakeflow")
    wide = record(store, update(1, (1, 1), rule="a_name_without_end_" * 12), now())
    for run_id in (1, 2, wide):
        (root / f"{run_id}.html").write_text(render(contents(store, run_id, now()), Redactor(set())))
    return [root / f"{run_id}.html" for run_id in (1, 2, wide)]


def open_logs(text):
    """Task -> the text of its open logs."""
    found = {}
    for key, section in re.findall(r'<section class="task" id="task-(\w+)">(.*?)</section>', text, re.DOTALL):
        opened = re.findall(
            r'<details class="log[^"]*" open=""><summary>log</summary><pre>(.*?)</pre>', section, re.DOTALL
        )
        if opened:
            found[key] = opened
    return found


def test_a_click_on_a_task_opens_the_log_of_its_newest_attempt(pages):
    drawn = re.search(r'<a href="(#task-sum)"', pages[0].read_text())
    assert open_logs(dom(pages[0])) == {}
    assert open_logs(dom(pages[0], drawn[1])) == {"sum": ["the sum"]}


def test_a_click_on_a_for_each_task_opens_the_log_of_the_iteration_that_failed(pages):
    found = open_logs(dom(pages[1], "#task-zones"))
    assert list(found) == ["zones"]
    assert [log.splitlines()[0] for log in found["zones"]] == ["zone south"]


@pytest.mark.parametrize("number", [1, 2])
def test_the_page_is_never_wider_than_the_window(pages, number):
    widths = scroll_widths(pages[number].read_text(), pages[number].parent)
    assert set(widths) == set(WIDTHS)
    assert all(wide <= window for window, wide in widths.items()), widths
