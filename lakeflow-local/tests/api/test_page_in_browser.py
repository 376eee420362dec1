"""The pages of the workspace in a real browser, where one is installed: at the widths of phone, tablet and desktop."""

import re

import pytest
from headless import WIDTHS, needs_browser, scroll_widths
from test_page import browser, filled  # noqa: F401 - fixtures

pytestmark = needs_browser
LONG = "a_name_that_does_not_end_" * 8


@pytest.fixture
def pages(browser, filled):  # noqa: F811 - the fixtures
    """Path -> its HTML with what it loads in it, of a workspace with long names too."""
    filled.ask(
        "POST",
        "/api/2.2/jobs/create",
        {"name": LONG, "tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "/x"}}]},
    )
    pipeline = filled.ask(
        "POST",
        "/api/2.0/pipelines",
        {"name": LONG, "catalog": "main", "schema": "rides", "libraries": [{"file": {"path": f"/{LONG}.py"}}]},
    )
    filled.http.put(f"/api/2.0/fs/files/Volumes/main/rides/landing/{LONG[:200]}", content=b"{}")
    paths = ["/", "/runs", "/pipelines", f"/pipelines/{pipeline['pipeline_id']}", "/tables", "/tables/main.rides.trips"]
    paths += ["/volumes", "/volumes/main/rides/landing", "/services", "/runs/999"]
    style = f"<style>{browser.get('/assets/page.css').text}</style>"
    found = {}
    for path in paths:
        text = browser.get(path).text
        assert "/assets/page.css" in text
        found[path] = re.sub(r"<link[^>]*page\.css[^>]*>", lambda _: style, text)
    return found


def test_no_page_is_wider_than_the_window(pages, tmp_path):
    for path, text in pages.items():
        widths = scroll_widths(text, tmp_path)
        assert set(widths) == set(WIDTHS), path
        assert all(wide <= window for window, wide in widths.items()), (path, widths)
