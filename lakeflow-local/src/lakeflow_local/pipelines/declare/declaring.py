"""What every declaration needs: where it stands, and where it goes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pyspark.pipelines.graph_element_registry import get_active_graph_element_registry

from lakeflow_local import errors
from lakeflow_local.pipelines.model.declarations import Declarations
from lakeflow_local.pipelines.model.model import Place, fail

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


# Arguments that the platform has, and that would change what an update does.
_NOT_SUPPORTED = ("depends_on", "import_checkpoint")


def refuse_arguments(function: str, others: Mapping[str, Any], place: Place) -> None:
    """Refuse the arguments that a function does not have here.

    Raises:
        UserError: for the first of them by name.
    """
    for name in sorted(others):
        if name in _NOT_SUPPORTED:
            raise fail(f"{function}: lakeflow-local does not support the argument {name} yet", place)
        raise fail(f"{function} has no argument {name}", place)


def as_text(given: Mapping[str, Any] | None) -> dict[str, str]:
    """Settings or properties as Spark takes them: true and not True."""
    texts = {str(key): str(value) for key, value in (given or {}).items()}
    return {key: text.lower() if text in ("True", "False") else text for key, text in texts.items()}
