"""Sinks, declared by Python as Databricks documents them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lakeflow_local.pipelines.declare.declaring import caller, declarations
from lakeflow_local.pipelines.model.model import BROKERS, Dataset, Kind, Sink, fail

Handler = Callable[[Any, int], None]


def create_sink(name: str, format: str, options: Mapping[str, str] | None = None) -> None:
    """Declare a sink for append flows: format `delta` with `path` or `tableName`, or a registered Python data source.

    Raises:
        UserError: for a format that needs a message broker, or a Delta sink without a place.
    """
    place = caller()
    if format.lower() in BROKERS:
        message = f"sink {name}: format {format} needs a message broker, which lakeflow-local does not have"
        raise fail(f"{message}; foreach_batch_sink or a Delta sink can stand in for it", place)
    given = {str(key): str(value) for key, value in (options or {}).items()}
    if format.lower() == "delta" and ("path" in given) == ("tableName" in given):
        raise fail(f"sink {name}: a Delta sink needs one of the options path and tableName", place)
    chosen = "delta" if format.lower() == "delta" else format
    declarations().add_dataset(Dataset(name, Kind.SINK, place, sink=Sink(chosen, given)))


def foreach_batch_sink(batch_handler: Handler | None = None, *, name: str | None = None) -> Any:
    """Declare a sink by a function that is given each batch and its number; after a full refresh that is 0 again."""
    place = caller()

    def register(handler: Handler) -> Handler:
        if not callable(handler):
            raise fail("@foreach_batch_sink decorates a function of a DataFrame and a batch id", place)
        sink = Sink("foreachBatch", {}, handler)
        declarations().add_dataset(Dataset(name or handler.__name__, Kind.SINK, place, sink=sink))
        return handler

    return register if batch_handler is None else register(batch_handler)
