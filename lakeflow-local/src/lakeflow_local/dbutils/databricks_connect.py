"""What stands for databricks-connect in tasks and tests where that is not installed: its builder gives their session.

On the platform every environment of a task has it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from importlib import metadata, util
from types import ModuleType
from typing import Any

from lakeflow_local.platform_paths.after_import import after_import

INSTEAD_OF_PYSPARK = (
    "databricks-connect is installed in this environment and takes pyspark's place, so pipelines cannot run in it: use "
    "one environment for tests against a workspace and another, without databricks-connect, for the fixtures of "
    "lakeflow-local (pip uninstall databricks-connect, then pip install --force-reinstall 'pyspark[connect]==4.2.*')"
)
_SETTERS = (
    *("appName", "clusterId", "config", "header", "host", "profile", "remote", "sdkConfig", "serverless", "token"),
    *("userAgent", "validateSession", "withEnvironment"),
)


def is_installed() -> bool:
    """Whether this environment has databricks-connect."""
    try:
        metadata.distribution("databricks-connect")
    except metadata.PackageNotFoundError:
        return False
    return True


def install(session: Callable[[], Any]) -> None:
    """Make `from databricks.connect import DatabricksSession` find a builder of this session."""

    class Builder:
        def getOrCreate(self) -> Any:
            return session()

        create = getOrCreate

    for name in _SETTERS:
        setattr(Builder, name, lambda self, *_, **__: self)

    class DatabricksSession:
        """The builder of a session; all that it is told about a workspace has no effect."""

        builder = Builder()

    _add("connect", DatabricksSession=DatabricksSession)


def do_without_credentials() -> None:
    """Where there are none, let `WorkspaceClient` have an empty configuration.

    The conftest files of the official templates ask for it.
    """
    if util.find_spec("databricks.sdk") is None:
        _add("sdk", WorkspaceClient=type("WorkspaceClient", (), {"config": _NoConfig()}))
    else:
        after_import({"databricks.sdk": _do_without_credentials})


class _NoConfig:
    """The configuration of nobody: no setting has a value."""

    def __getattr__(self, name: str) -> None:
        return None


def _do_without_credentials(sdk: ModuleType) -> None:
    original = sdk.WorkspaceClient

    class WorkspaceClient(original):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: Any, **named: Any) -> None:
            try:
                super().__init__(*arguments, **named)
            except ValueError as error:
                if "default credentials" not in str(error):
                    raise
                self._config = _NoConfig()

    sdk.WorkspaceClient = WorkspaceClient  # type: ignore[attr-defined]


def _add(name: str, **content: Any) -> None:
    module = ModuleType(f"databricks.{name}", "A stand-in by lakeflow-local.")
    vars(module).update(content)
    sys.modules[module.__name__] = module
    setattr(importlib.import_module("databricks"), name, module)
