"""What every declaration needs: where it stands, and where it goes."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyspark.pipelines.graph_element_registry import get_active_graph_element_registry

from lakeflow_local import errors
from lakeflow_local.pipelines.model.model import Declarations, Place

_OWN = str(Path(errors.__file__).parent)  # the package: whatever calls from outside of it is a dataset file


def declarations() -> Declarations:
    """Where the pipeline whose files are being run takes what they declare."""
    return get_active_graph_element_registry().declared


def caller() -> Place:
    """The line of the dataset file that called: the first frame outside of this package."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_OWN):
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno) if frame else Place("?")


def column_names(columns: Sequence[Any] | None) -> tuple[str, ...] | None:
    """The names of columns that are given as text or as Columns."""
    if columns is None:
        return None
    return tuple(column if isinstance(column, str) else column._jc.toString().strip("`") for column in columns)
