"""An application on loopback with nothing behind it, and the real SDK as its client."""

import pytest
from api_client import TOKEN, ApiClient


@pytest.fixture
def api(tmp_path):
    client = ApiClient(tmp_path)
    yield client
    client.close()


@pytest.fixture
def workspace(api, monkeypatch):
    """The SDK's client, with nothing set but what it is given."""
    from databricks.sdk import WorkspaceClient

    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(api.root / "none.cfg"))
    return WorkspaceClient(host=api.url, token=TOKEN)
