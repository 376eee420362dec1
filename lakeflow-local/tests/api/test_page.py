"""The page: who gets in, what it shows, and that it writes nothing but files into volumes."""

import re
from html.parser import HTMLParser

import httpx
import pytest
from api_client import TOKEN
from test_catalog import stored_table

from lakeflow_local.api.http.shapes import shape_of


class Links(HTMLParser):
    """The addresses of a page, and what it would load."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in ("link", "script", "img") and (given.get("href") or given.get("src")):
            self.loads.append(given.get("href") or given.get("src"))


@pytest.fixture
def browser(api):
    """A browser that has followed the link with the token."""
    with httpx.Client(base_url=api.url) as client:
        answer = client.get("/", params={"token": TOKEN})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        yield client


@pytest.fixture
def filled(api):
    """A workspace with something of everything."""
    assert shape_of("jobs", "JobSettings")
    task = {"task_key": "say", "notebook_task": {"notebook_path": "/Shared/say"}, "description": "<b>bold</b>"}
    api.ask("POST", "/api/2.2/jobs/create", {"name": "<script>alert(1)</script>", "tasks": [task]})
    pipeline = {"name": "rides", "catalog": "main", "schema": "rides", "libraries": [{"file": {"path": "/x.py"}}]}
    api.ask("POST", "/api/2.0/pipelines", pipeline)
    api.ask("POST", "/api/2.1/unity-catalog/schemas", {"name": "rides", "catalog_name": "main"})
    volume = {"catalog_name": "main", "schema_name": "rides", "name": "landing", "volume_type": "MANAGED"}
    api.ask("POST", "/api/2.1/unity-catalog/volumes", volume)
    api.http.put("/api/2.0/fs/files/Volumes/main/rides/landing/a%20b/%3Cx%3E.json", content=b"{}")
    stored_table(api.root, "main__rides", "trips", [{"name": "city", "type": "string", "nullable": True}])
    return api


def test_without_the_cookie_there_is_only_the_way_in(api):
    for path in ("/", "/runs", "/tables", "/volumes/main/rides/landing", "/services", "/?token=wrong"):
        answer = httpx.get(api.url + path)
        assert answer.status_code == 401
        assert "Sign in" in answer.text
        assert "set-cookie" not in answer.headers
    assert httpx.put(api.url + "/volumes/main/rides/landing/x", content=b"x").status_code == 401


def test_the_token_of_the_form_opens_the_page_and_a_wrong_one_does_not(api):
    wrong = httpx.post(api.url + "/sign-in", data={"token": "wrong"})
    assert wrong.status_code == 401
    assert "not the token" in wrong.text
    right = httpx.post(api.url + "/sign-in", data={"token": TOKEN})
    assert right.status_code == 303
    assert TOKEN not in right.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict"} <= set(right.headers["set-cookie"].split("; "))


def test_the_cookie_opens_the_page_and_not_the_api(browser):
    assert browser.get("/").status_code == 200
    assert browser.get("/api/2.0/pipelines").status_code == 401


def test_a_page_of_another_site_gets_nothing(browser):
    assert browser.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    foreign = {"Origin": "https://fleet.example"}
    assert browser.put("/volumes/main/rides/landing/x", content=b"x", headers=foreign).status_code == 403


def test_every_link_leads_to_a_page_and_nothing_is_loaded_from_elsewhere(browser, filled):
    seen, waiting = set(), ["/"]
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = browser.get(address)
        assert answer.status_code == 200, address
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        assert "<script>alert" not in answer.text
        found = Links(answer.text)
        assert all(load.startswith(("/assets/", "data:")) for load in found.loads)
        for load in found.loads:
            assert load.startswith("data:") or browser.get(load).status_code == 200
        waiting += [re.sub("#.*", "", link) or address for link in found.links if link.startswith("/")]
    assert {"/runs", "/pipelines", "/tables", "/tables/main.rides.trips", "/volumes", "/services"} <= seen
    assert "/volumes/main/rides/landing/a%20b/%3Cx%3E.json" in seen


def test_texts_of_others_are_shown_as_texts(browser, filled):
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in browser.get("/").text


def test_a_file_is_uploaded_once_and_only_into_a_volume(browser, filled):
    assert browser.put("/volumes/main/rides/landing/new.json", content=b"{}").status_code == 204
    assert browser.put("/volumes/main/rides/landing/new.json", content=b"[]").status_code == 409
    stored = filled.root / ".lakeflow" / "volumes" / "main" / "rides" / "landing" / "new.json"
    assert stored.read_bytes() == b"{}"
    assert browser.put("/volumes/main/rides/landing/%2e%2e/new.json", content=b"x").status_code == 400
    assert browser.put("/volumes/main/rides/none/new.json", content=b"x").status_code == 404


def test_a_download_is_never_shown_as_a_page_of_this_server(browser, filled):
    browser.put("/volumes/main/rides/landing/a.html", content=b"<script>alert(1)</script>")
    answer = browser.get("/volumes/main/rides/landing/a.html")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/runs/7", "/jobs/7", "/pipelines/none", "/tables/main.rides.none", "/tables/x"])
def test_what_is_not_there_says_so_on_a_page(browser, path):
    answer = browser.get(path)
    assert answer.status_code in (400, 404)
    assert "That did not work" in answer.text
