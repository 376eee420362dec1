"""What a task is given by the platform: the session, task values, secrets. The only module that knows dbutils."""

from typing import Any

from pyspark.sql import SparkSession

from payouts.gateway import Gateway, open_gateway

TOKEN_KEY = "gateway_token"


def spark() -> SparkSession:
    """The session of this task; on serverless and locally a Spark Connect client."""
    return SparkSession.builder.getOrCreate()


def set_task_value(key: str, value: Any) -> None:
    """Hands a value to the tasks that follow. JSON, at most 48 KiB."""
    _dbutils().jobs.taskValues.set(key=key, value=value)


def gateway(url: str, secret_scope: str) -> Gateway:
    """The gateway at an address; its token is read from the secret scope, and only where one is needed."""
    return open_gateway(url, token=lambda: _dbutils().secrets.get(scope=secret_scope, key=TOKEN_KEY))


def _dbutils() -> Any:
    # Not at the top: outside of a workspace the import looks for credentials, and most tasks need no dbutils.
    from databricks.sdk.runtime import dbutils

    return dbutils
