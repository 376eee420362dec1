"""Whatever is sent, no call fails with 500 and nothing outside of `.lakeflow/api` is touched."""

import json
import os
import string
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakeflow_local.api.families import FAMILIES
from lakeflow_local.api.http.routes import Routes

SETTINGS = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
ROUTES = sorted({(route.method, route.path) for route in Routes(*FAMILIES)})
WORDS = ("job_id", "run_id", "path", "name", "settings", "tasks", "content", "page_token", "limit", "format", "tags")
NASTY = (
    "",
    "..",
    "../..",
    "a/../b",
    "%2e%2e",
    "\x00",
    "/" * 50,
    "x" * 5000,
    "é",
    "💥",
    "\ud800",
    "-1",
    "1e999",
    "null",
)

texts = st.sampled_from(NASTY) | st.text(string.printable, max_size=30)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(2**63 - 2, 2**64) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | texts, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from(WORDS) | texts, values, max_size=6)


def encoded(text):
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def outside(root):
    """Everything below the root but what belongs to the API."""
    found = {}
    for folder, names, files in os.walk(root):
        if folder == str(root / ".lakeflow"):
            names[:] = [name for name in names if name not in ("api", "logs", "locks")]
            files = [name for name in files if not name.startswith("runs.db")]
        for name in files:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[path] = file.read()
    return found


@pytest.fixture
def guarded(api):
    """The application, with files around its folder that nothing may touch."""
    for name in (
        "databricks.yml",
        "Users/x.txt",
        "etc/passwd",
        ".lakeflow/.gitignore",
        ".lakeflow/workspace/address.json",
    ):
        path = api.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("untouched")
    before = outside(api.root)
    yield api
    assert outside(api.root) == before


@settings(SETTINGS, max_examples=600)
@given(
    route=st.sampled_from(ROUTES),
    body=objects,
    query=st.dictionaries(st.sampled_from(WORDS), texts, max_size=3),
    names=st.lists(texts, min_size=4, max_size=4),
)
def test_no_call_fails_with_500(guarded, route, body, query, names):
    method, path = route
    for name in names:
        path = _fill(path, encoded(name) or "x")
    url = path + "?" + "&".join(f"{key}={encoded(value)}" for key, value in query.items())
    response = guarded.http.request(method, url, content=_json(body), headers={"Content-Type": "application/json"})
    assert response.status_code < 500 or response.status_code == 501, (response.text, guarded.logged[-1:])
    if response.status_code >= 400 and method != "HEAD":
        assert {"error_code", "message"} <= set(response.json())


@SETTINGS
@given(path=st.text(max_size=60), method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]))
def test_no_path_fails_with_500(guarded, path, method):
    response = guarded.http.request(method, "/" + encoded(path))
    assert response.status_code < 500


@SETTINGS
@given(
    content=st.binary(max_size=400),
    kind=st.sampled_from(["application/json", "multipart/form-data; boundary=x", "text/plain"]),
)
def test_no_body_fails_with_500(guarded, content, kind):
    for path in ("/api/2.2/jobs/create", "/api/2.0/workspace/import"):
        response = guarded.http.post(path, content=content, headers={"Content-Type": kind})
        assert response.status_code < 500, response.text


@SETTINGS
@given(names=st.lists(st.sampled_from([*NASTY[:6], "Workspace", "Users", "etc", "x.py"]), min_size=1, max_size=6))
def test_no_path_of_an_upload_leads_out(guarded, names):
    for joint in ("/", "%2F"):
        path = joint.join(encoded(name) for name in names)
        response = guarded.http.post(f"/api/2.0/workspace-files/import-file/{path}?overwrite=true", content=b"x")
        assert response.status_code < 500


def _fill(path, text):
    start, end = path.find("{"), path.find("}")
    return path if start < 0 else path[:start] + text + path[end + 1 :]


def _json(body):
    return json.dumps(body).encode("utf-8", "surrogatepass")
