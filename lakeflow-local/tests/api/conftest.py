"""An application on loopback with nothing behind it, and the real SDK as its client."""

import pytest
from api_client import TOKEN, ApiClient
from thread_player import ThreadPlayer


@pytest.fixture
def player(tmp_path):
    """Plays the runs that an application starts."""
    made = ThreadPlayer(tmp_path / ".lakeflow")
    yield made
    made.close()


@pytest.fixture
def api(tmp_path, player):
    client = ApiClient(tmp_path, player)
    yield client
    client.close()


@pytest.fixture
def workspace(api, monkeypatch):
    """The SDK's client, with nothing set but what it is given."""
    from databricks.sdk import WorkspaceClient

    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(api.root / "none.cfg"))
    return WorkspaceClient(host=api.url, token=TOKEN)
