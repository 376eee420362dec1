"""Loads Databricks bundles without a workspace: `load(root, target)` gives the resolved `Bundle`."""

from lakeflow_local.bundle.draft import Workspace
from lakeflow_local.bundle.loading import load
from lakeflow_local.bundle.nodes import Location
from lakeflow_local.bundle.report import Note
from lakeflow_local.bundle.resolved import Bundle

__all__ = ["Bundle", "Location", "Note", "Workspace", "load"]
