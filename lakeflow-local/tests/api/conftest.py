"""An application without a process: requests go straight to it, as from the shell that has its token."""

import pytest
from api_client import ApiClient


@pytest.fixture
def api(tmp_path):
    client = ApiClient(tmp_path)
    yield client
    client.close()
