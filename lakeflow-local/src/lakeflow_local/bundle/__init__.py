"""Loads Databricks bundles without a workspace, as `databricks bundle validate` resolves them.

Import `load` and what it gives from here; the rooms below are its steps.
"""

from lakeflow_local.bundle.loading import load
from lakeflow_local.bundle.resolved import Bundle
from lakeflow_local.bundle.tree.diagnostics import Note
from lakeflow_local.bundle.tree.draft import Workspace
from lakeflow_local.bundle.tree.nodes import Location

__all__ = ["Bundle", "Location", "Note", "Workspace", "load"]
