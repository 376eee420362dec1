"""Who is let in, and what nobody answers."""

import pytest
from api_client import TOKEN

ME = "/api/2.0/preview/scim/v2/Me"


def test_the_token_opens_and_names_the_user(api):
    assert api.ask("GET", ME)["userName"] == "ada@fleet.example"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Authorization": "Bearer wrong"}, (401, "UNAUTHENTICATED")),
        ({"Authorization": f"Basic {TOKEN}"}, (401, "UNAUTHENTICATED")),
        ({"Host": "fleet.example"}, (403, "PERMISSION_DENIED")),
        ({"Host": "fleet.example:80"}, (403, "PERMISSION_DENIED")),
        ({"Host": "127.0.0.1:1"}, (403, "PERMISSION_DENIED")),
        ({"Origin": "https://fleet.example"}, (403, "PERMISSION_DENIED")),
        ({"Origin": "null"}, (403, "PERMISSION_DENIED")),
        ({"Sec-Fetch-Site": "cross-site"}, (403, "PERMISSION_DENIED")),
    ],
)
def test_who_has_no_token_or_comes_from_a_page_of_another_site_is_refused(api, headers, expected):
    assert api.refused("GET", ME, headers=headers) == expected


def test_a_page_of_this_server_is_let_in(api):
    assert api.ask("GET", ME, headers={"Origin": f"http://localhost:{api.port}", "Sec-Fetch-Site": "same-origin"})


def test_an_unknown_call_is_answered_as_the_platform_does_and_logged_with_its_count(api):
    response = api.http.get("/api/2.0/no/such/thing")
    assert response.status_code == 404
    assert response.json() == {
        "error_code": "ENDPOINT_NOT_FOUND",
        "message": "No API found for 'GET /api/2.0/no/such/thing'",
    }
    for _ in range(3):
        api.http.get("/api/2.0/no/such/thing")
    assert api.logged == [f"not implemented here: GET /api/2.0/no/such/thing ({count} so far)" for count in (1, 2, 4)]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"a"', b"\xff", b'{"a": NaN}', b'{"a": 1e999}', b'{"a":' * 500])
def test_a_body_that_is_no_object_of_json_is_malformed(api, body):
    response = api.http.request("GET", ME, content=body)
    assert (response.status_code, response.json()["error_code"]) == (400, "MALFORMED_REQUEST")


def test_a_body_that_is_too_large_is_refused(api):
    response = api.http.request("GET", ME, content=b" " * (17 * 1024 * 1024))
    assert response.status_code == 413
