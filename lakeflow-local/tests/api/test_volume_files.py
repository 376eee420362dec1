"""Files in volumes through the SDK; and no path leads out of a volume."""

import io
import os
from urllib.parse import quote

import pytest
from databricks.sdk.core import Config
from databricks.sdk.errors import AlreadyExists, BadRequest, NotFound
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sdk_client import sdk_of

TOP = "/Volumes/main/rides/landing"


@pytest.fixture
def sdk(api):
    client = sdk_of(api)
    api.ask("POST", "/api/2.1/unity-catalog/schemas", {"name": "rides", "catalog_name": "main"})
    volume = {"catalog_name": "main", "schema_name": "rides", "name": "landing", "volume_type": "MANAGED"}
    api.ask("POST", "/api/2.1/unity-catalog/volumes", volume)
    return client


def folder(api):
    return api.root / ".lakeflow" / "volumes" / "main" / "rides" / "landing"


def test_a_file_is_written_read_listed_and_removed(sdk, api):
    sdk.files.upload(f"{TOP}/a b/ü.json", io.BytesIO(b"{}"))
    assert (folder(api) / "a b" / "ü.json").read_bytes() == b"{}"
    assert sdk.files.download(f"{TOP}/a b/ü.json").contents.read() == b"{}"
    assert sdk.files.get_metadata(f"{TOP}/a b/ü.json").content_length == 2
    [entry] = sdk.files.list_directory_contents(f"{TOP}/a b")
    assert (entry.name, entry.path, entry.file_size) == ("ü.json", f"{TOP}/a b/ü.json", 2)
    sdk.files.delete(f"{TOP}/a b/ü.json")
    with pytest.raises(NotFound):
        sdk.files.download(f"{TOP}/a b/ü.json")


def test_a_file_is_replaced_only_if_that_is_asked_for(sdk):
    sdk.files.upload(f"{TOP}/a", io.BytesIO(b"1"), overwrite=False)
    with pytest.raises(AlreadyExists):
        sdk.files.upload(f"{TOP}/a", io.BytesIO(b"2"), overwrite=False)
    assert sdk.files.download(f"{TOP}/a").contents.read() == b"1"
    sdk.files.upload(f"{TOP}/a", io.BytesIO(b"2"), overwrite=True)
    assert sdk.files.download(f"{TOP}/a").contents.read() == b"2"


def test_a_directory_is_removed_only_when_it_is_empty_and_says_so_by_its_reason(sdk, api):
    sdk.files.create_directory(f"{TOP}/x/y")
    response = api.http.delete(f"/api/2.0/fs/directories{TOP}/x")
    assert response.status_code == 400
    assert response.json()["details"][0]["reason"] == "FILES_API_DIRECTORY_IS_NOT_EMPTY"
    sdk.files.delete_directory(f"{TOP}/x/y")
    sdk.files.delete_directory(f"{TOP}/x")
    with pytest.raises(NotFound):
        sdk.files.get_directory_metadata(f"{TOP}/x")


def test_what_is_no_file_of_a_volume_that_exists_is_refused(sdk):
    for path in (f"{TOP}-none/a", "/Volumes/main/none/v/a"):
        with pytest.raises(NotFound):
            sdk.files.download(path)
    for path in ("/Workspace/a", "/Volumes/main/rides", "/etc/passwd"):
        with pytest.raises(BadRequest):
            sdk.files.download(path)


def test_many_files_come_in_pages(sdk, api):
    for number in range(25):
        (folder(api) / f"{number:02d}").touch()
    assert len(list(sdk.files.list_directory_contents(TOP, page_size=10))) == 25


def test_a_link_that_leads_out_of_the_volume_is_not_followed(sdk, api, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("secret")
    os.symlink(outside, folder(api) / "link")
    os.symlink(outside / "secret", folder(api) / "file")
    os.symlink(folder(api) / "circle", folder(api) / "circle")
    for path in ("link/secret", "file", "circle"):
        response = api.http.get(f"/api/2.0/fs/files{TOP}/{path}")
        assert response.status_code in (400, 403, 404)
        assert b"secret" not in response.content.replace(b"secret_", b"")
    assert api.http.put(f"/api/2.0/fs/files{TOP}/link/new", content=b"x").status_code == 403
    assert sorted(path.name for path in outside.iterdir()) == ["secret"]
    assert [entry.name for entry in sdk.files.list_directory_contents(TOP)] == []


def test_a_volume_that_is_a_link_is_none(sdk, api, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    os.symlink(outside, folder(api).parent / "away")
    assert api.http.put("/api/2.0/fs/files/Volumes/main/rides/away/x", content=b"x").status_code in (403, 404)
    assert list(outside.iterdir()) == []


PIECES = st.sampled_from(
    [
        "..",
        ".",
        "",
        "%2e%2e",
        "%2F",
        "..%2f",
        "a",
        "%00",
        "\\",
        "~",
        "%ff",
        "Volumes",
        "etc",
        "%252e",
        "x" * 300,
        " ",
        "ü",
    ]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.lists(PIECES, max_size=6).map("/".join),
    method=st.sampled_from(["GET", "PUT", "DELETE", "HEAD"]),
    kind=st.sampled_from(["files", "directories"]),
    inside=st.booleans(),
)
def test_no_path_leads_out_of_a_volume_or_breaks_the_server(sdk, api, path, method, kind, inside):
    before = outside_of(api)
    url = f"/api/2.0/fs/{kind}{TOP if inside else ''}/{quote(path, safe='/%')}"
    content = b"x" if method == "PUT" and kind == "files" else None
    response = api.http.send(api.http.build_request(method, api.url + url, content=content))
    assert response.status_code < 500, (url, response.text)
    assert outside_of(api) == before


def outside_of(api):
    """All files below the folder of the test and beside it, but for those of the volume and of the API."""
    volume, own = folder(api), api.root / ".lakeflow" / "api"
    top = api.root.parent
    return sorted(
        str(path) for path in top.rglob("*") if not path.is_relative_to(volume) and not path.is_relative_to(own)
    )


def test_a_file_is_replaced_unless_that_is_refused(sdk):
    """`overwrite`: if true or unspecified, an existing file is overwritten (documentation of files/upload)."""
    sdk.files.upload(f"{TOP}/a", io.BytesIO(b"1"))
    sdk.files.upload(f"{TOP}/a", io.BytesIO(b"2"))
    assert sdk.files.download(f"{TOP}/a").contents.read() == b"2"


def test_a_file_that_the_sdk_would_send_in_parts_arrives_whole(sdk, api, tmp_path, monkeypatch):
    monkeypatch.setattr(Config, "files_ext_multipart_upload_min_stream_size", 10)  # bytes; else 50 MB
    sdk = sdk_of(api)
    sdk.files.upload(f"{TOP}/stream", io.BytesIO(bytes(100)))
    (tmp_path / "file").write_bytes(bytes(200))
    sdk.files.upload_from(f"{TOP}/file", str(tmp_path / "file"))
    assert [(entry.name, entry.file_size) for entry in sdk.files.list_directory_contents(TOP)] == [
        ("file", 200),
        ("stream", 100),
    ]
    with pytest.raises(AlreadyExists):
        sdk.files.upload(f"{TOP}/stream", io.BytesIO(bytes(50)), overwrite=False)


def test_a_file_below_a_file_is_refused_in_words(sdk):
    sdk.files.upload(f"{TOP}/a", io.BytesIO(b"1"))
    with pytest.raises(AlreadyExists, match="is a file"):
        sdk.files.upload(f"{TOP}/a/b", io.BytesIO(b"2"))


@pytest.mark.parametrize("name", ["no\u00a0break.txt", "ideographic\u3000space.txt", "joined\u200d.txt"])
def test_a_file_that_was_written_is_in_the_list_whatever_its_letters(sdk, name):
    sdk.files.upload(f"{TOP}/{name}", io.BytesIO(b"1"))
    assert [entry.name for entry in sdk.files.list_directory_contents(TOP)] == [name]


def test_a_page_of_more_than_a_thousand_entries_has_a_thousand(sdk, api):
    """Documented: the maximum value is 1000, values above 1000 will be coerced to 1000."""
    for number in range(1001):
        (folder(api) / str(number)).touch()
    answer = api.ask("GET", f"/api/2.0/fs/directories{TOP}?page_size=2000")
    assert len(answer["contents"]) == 1000
    assert len(list(sdk.files.list_directory_contents(TOP, page_size=2000))) == 1001
