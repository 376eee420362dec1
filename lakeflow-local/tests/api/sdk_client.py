"""The SDK's own client on the application of `api_client`."""

from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config


def sdk_of(api, token: str) -> WorkspaceClient:
    """A client of the SDK, without any profile of whoever runs the tests."""
    return WorkspaceClient(config=Config(host=api.url, token=token, auth_type="pat", retry_timeout_seconds=5))
