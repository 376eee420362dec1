"""The page in a real browser, where one is installed."""

import json
import re
import shutil
import subprocess

import pytest
from report_runs import play, record, update

from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.report.contents import contents
from lakeflow_local.report.page import render
from lakeflow_local.report.redaction import Redactor
from lakeflow_local.workspace.runner import now

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next((path for name in BROWSERS if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no headless Chromium is installed")


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


def dom(page, fragment=""):
    """The document as the browser has it, a click on `fragment` later."""
    line = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={page.parent / 'profile'}"]
    done = subprocess.run(
        [*line, "--dump-dom", f"{page.as_uri()}{fragment}"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


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
@pytest.mark.parametrize("width", [390, 820, 1400])
def test_the_page_is_never_wider_than_the_window(pages, number, width):
    page = pages[number]
    # an iframe is a window of any width; headless Chromium itself has a least one
    frame = page.parent / f"frame-{width}.html"
    measure = "document.body.dataset.wide = frame.contentDocument.documentElement.scrollWidth"
    frame.write_text(
        f'<body><iframe id="frame" style="border:0;width:{width}px;height:900px" srcdoc=\'\'></iframe><script>'
        f'const frame = document.getElementById("frame"); frame.onload = () => {{ {measure}; }};'
        f"frame.srcdoc = {_literal(page.read_text())};</script></body>"
    )
    measured = re.search(r'data-wide="(\d+)"', dom(frame))
    assert measured is not None
    assert int(measured[1]) <= width


def _literal(text):
    """A JavaScript string that does not end the script it stands in."""
    return json.dumps(text).replace("</", "<\\/")
