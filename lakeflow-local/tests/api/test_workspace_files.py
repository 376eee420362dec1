"""Files and folders of the workspace, through the SDK: what is there, what is refused, what stays inside."""

import base64
import io
import os
import threading

import pytest
from databricks.sdk.errors import BadRequest, NotFound, ResourceAlreadyExists, ResourceDoesNotExist
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType

HOME = "/Workspace/Users/ada@fleet.example"
NOTEBOOK = b"# Databricks notebook source\nprint(1)\n"


@pytest.fixture
def files(workspace):
    return workspace.workspace


def put(api, path, content=b"text", overwrite="false"):
    quoted = path.lstrip("/").replace("/", "%2F")
    url = f"/api/2.0/workspace-files/import-file/{quoted}?overwrite={overwrite}"
    return api.http.post(url, content=content)


def test_a_file_comes_back_as_it_was(files):
    files.mkdirs(f"{HOME}/a/b")
    files.upload(f"{HOME}/a/b/data.bin", io.BytesIO(bytes(range(256))), format=ImportFormat.AUTO)
    assert files.download(f"{HOME}/a/b/data.bin").read() == bytes(range(256))
    found = files.get_status(f"{HOME}/a/b/data.bin")
    assert (found.object_type, found.size, found.path) == (ObjectType.FILE, 256, f"{HOME}/a/b/data.bin")


def test_a_source_that_begins_as_a_notebook_loses_its_extension(api, files):
    assert put(api, f"{HOME}/report.py", NOTEBOOK).status_code == 200
    found = files.get_status(f"{HOME}/report")
    assert (found.object_type, found.language) == (ObjectType.NOTEBOOK, Language.PYTHON)
    with pytest.raises(ResourceDoesNotExist):
        files.get_status(f"{HOME}/report.py")
    exported = files.export(f"{HOME}/report", format=ExportFormat.SOURCE)
    assert base64.b64decode(exported.content) == NOTEBOOK


def test_a_notebook_as_source_gets_the_header_that_its_content_lacks(files):
    content = base64.b64encode(b"SELECT 1").decode()
    files.import_(f"{HOME}/query", content=content, format=ImportFormat.SOURCE, language=Language.SQL)
    exported = base64.b64decode(files.export(f"{HOME}/query").content)
    assert exported == b"-- Databricks notebook source\nSELECT 1"


def test_what_is_there_is_only_replaced_with_overwrite(api):
    assert put(api, f"{HOME}/one.txt", b"first").status_code == 200
    refused = put(api, f"{HOME}/one.txt", b"second")
    assert (refused.status_code, refused.json()["error_code"]) == (409, "ALREADY_EXISTS")
    assert put(api, f"{HOME}/one.txt", b"third", overwrite="true").status_code == 200
    assert api.http.get(f"/api/2.0/workspace-files{HOME}/one.txt").content == b"third"


def test_a_notebook_that_is_there_is_refused_with_400_as_on_the_platform(api):
    put(api, f"{HOME}/report.py", NOTEBOOK)
    refused = put(api, f"{HOME}/report.py", NOTEBOOK)
    assert refused.status_code == 400
    assert "already exists." in refused.json()["message"]


def test_of_many_who_take_a_lock_at_once_one_gets_it(api):
    statuses = []

    def take(number):
        statuses.append(put(api, f"{HOME}/deploy.lock", b"%d" % number).status_code)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * 11


def test_a_file_needs_its_folder(api, files):
    assert put(api, f"{HOME}/none/x.txt").status_code == 404
    content = base64.b64encode(b"x").decode()
    with pytest.raises(ResourceDoesNotExist):
        files.import_(f"{HOME}/none/x", content=content, format=ImportFormat.AUTO)


def test_a_folder_lists_what_is_in_it_by_name(api, files):
    files.mkdirs(f"{HOME}/a/folder")
    put(api, f"{HOME}/a/z.txt")
    put(api, f"{HOME}/a/note.py", NOTEBOOK)
    found = [(item.path, item.object_type.value) for item in files.list(f"{HOME}/a")]
    assert found == [
        (f"{HOME}/a/folder", "DIRECTORY"),
        (f"{HOME}/a/note", "NOTEBOOK"),
        (f"{HOME}/a/z.txt", "FILE"),
    ]
    assert [item.path for item in files.list(f"{HOME}/a/z.txt")] == [f"{HOME}/a/z.txt"]


def test_a_folder_that_is_not_empty_is_deleted_only_with_what_is_in_it(api, files):
    files.mkdirs(f"{HOME}/a")
    put(api, f"{HOME}/a/x.txt")
    with pytest.raises(BadRequest, match="not empty"):
        files.delete(f"{HOME}/a")
    files.delete(f"{HOME}/a", recursive=True)
    with pytest.raises(ResourceDoesNotExist):
        files.get_status(f"{HOME}/a")
    with pytest.raises(NotFound):
        files.delete(f"{HOME}/a", recursive=True)


@pytest.mark.parametrize("path", ["/", "/Workspace", "/Users", HOME, "/Shared"])
def test_folders_that_the_workspace_has_from_its_beginning_stay(api, path):
    assert api.http.post("/api/2.0/workspace/delete", json={"path": path, "recursive": True}).status_code == 403


def test_a_folder_cannot_be_below_a_file(api, files):
    put(api, f"{HOME}/x.txt")
    with pytest.raises((ResourceAlreadyExists, BadRequest)):
        files.mkdirs(f"{HOME}/x.txt/below")


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt",
        f"{HOME}/../../../outside.txt",
        f"{HOME}/a/./b",
        f"{HOME}/nul\x00l",
        f"{HOME}/{'x' * 300}",
        "relative/path",
        "",
    ],
)
def test_a_path_that_is_none_is_refused(api, path):
    for method, call, body in (
        ("POST", "mkdirs", {"path": path}),
        ("POST", "delete", {"path": path, "recursive": True}),
        ("POST", "import", {"path": path, "content": "", "format": "AUTO"}),
    ):
        status, _ = api.refused(method, f"/api/2.0/workspace/{call}", body)
        assert 400 <= status < 500
    assert not (api.root / "outside.txt").exists()


@pytest.mark.parametrize("path", ["..%2F..%2Foutside", "Workspace%2F..%2F..%2F..%2Foutside", "%2e%2e/%2e%2e/outside"])
def test_an_encoded_path_leads_no_further_than_a_plain_one(api, path):
    assert put_raw(api, path).status_code in (400, 404)
    assert sorted(item.name for item in (api.root / ".lakeflow").iterdir()) == ["api"]


def put_raw(api, path):
    return api.http.post(f"/api/2.0/workspace-files/import-file/{path}?overwrite=true", content=b"x")


def test_a_symbolic_link_leads_nowhere(api):
    outside = api.root / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    api.ask("POST", "/api/2.0/workspace/mkdirs", {"path": HOME})
    home = api.state.files / "Users" / "ada@fleet.example"
    (home / "link").symlink_to(outside)
    (home / "file.txt").symlink_to(outside / "secret.txt")
    for path in (f"{HOME}/link/secret.txt", f"{HOME}/file.txt", f"{HOME}/link"):
        assert api.http.get("/api/2.0/workspace/export", params={"path": path}).status_code == 404
        assert api.http.post("/api/2.0/workspace/delete", json={"path": path, "recursive": True}).status_code == 404
    assert put(api, f"{HOME}/link/new.txt", overwrite="true").status_code == 404
    assert api.ask("GET", "/api/2.0/workspace/list", params={"path": HOME}) == {}
    assert os.listdir(outside) == ["secret.txt"]


def test_an_upload_leaves_nothing_behind(api):
    put(api, f"{HOME}/x.txt")
    put(api, f"{HOME}/x.txt")
    put(api, f"{HOME}/no/folder.txt")
    assert list(api.state.uploads.iterdir()) == []


@pytest.mark.parametrize("format", [ExportFormat.JUPYTER, ExportFormat.HTML, ExportFormat.DBC])
def test_a_notebook_is_not_exported_as_something_that_it_is_not(files, format):
    files.upload(f"{HOME}/report.py", io.BytesIO(NOTEBOOK), format=ImportFormat.AUTO)
    assert files.download(f"{HOME}/report", format=ExportFormat.SOURCE).read() == NOTEBOOK
    with pytest.raises(NotFound, match=f"format {format.value}"):
        files.export(f"{HOME}/report", format=format)
