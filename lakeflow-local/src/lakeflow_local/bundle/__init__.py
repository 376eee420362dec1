"""Loads Databricks bundles without a workspace: `load(root, target)` gives the resolved `Bundle`."""

from lakeflow_local.bundle.loading import load
from lakeflow_local.bundle.resolved import Bundle
from lakeflow_local.bundle.tree.draft import Workspace
from lakeflow_local.bundle.tree.nodes import Location
from lakeflow_local.bundle.tree.report import Note

__all__ = ["Bundle", "Location", "Note", "Workspace", "load"]
