"""What would let a client talk to somebody else is said, with what to do."""

from types import SimpleNamespace

import pytest

from lakeflow_local.cli.disagreements import disagreements

HOST = "http://127.0.0.1:8000"


def said(tmp_path, environment=None, workspace=None, profile=""):
    file = tmp_path / "cfg"
    file.write_text(profile)
    bundle = SimpleNamespace(config={"workspace": workspace or {}}, target="local")
    return list(disagreements({"DATABRICKS_CONFIG_FILE": str(file), **(environment or {})}, HOST, bundle))


def test_nothing_is_said_where_nothing_disagrees(tmp_path):
    environment = {"DATABRICKS_HOST": HOST, "DATABRICKS_TOKEN": "x", "DATABRICKS_AUTH_TYPE": "pat"}
    assert said(tmp_path, environment, {"host": HOST}, f"[DEFAULT]\nhost = {HOST}\ntoken = x\n") == []
    assert said(tmp_path, profile="[DEFAULT]\nhost = https://fleet.example\ntoken = x\n") == []


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"environment": {"DATABRICKS_CONFIG_PROFILE": "fleet"}}, "DATABRICKS_CONFIG_PROFILE"),
        ({"environment": {"DATABRICKS_AUTH_TYPE": "oauth-m2m"}}, "DATABRICKS_AUTH_TYPE"),
        ({"environment": {"DATABRICKS_BUNDLE_ENGINE": "terraform"}}, "DATABRICKS_BUNDLE_ENGINE"),
        ({"workspace": {"host": "https://fleet.example"}}, "workspace.host"),
        ({"workspace": {"profile": "fleet"}}, "workspace.profile"),
        ({"profile": "[DEFAULT]\nhost = https://fleet.example\nclient_id = x\n"}, "client_id"),
        ({"profile": "no profile"}, "cannot be read"),
    ],
)
def test_what_disagrees_is_named_in_one_line(tmp_path, given, word):
    lines = said(tmp_path, **given)
    assert len(lines) == 1
    assert word in lines[0]
