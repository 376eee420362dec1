"""Records what each flow of a dataset does: its times, rows, counts, reads and columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from pyspark.sql.types import StructType

from lakeflow_local.pipelines.model.update import FlowResult
from lakeflow_local.pipelines.query.node import Canceled, Node, UpstreamFailed


@contextmanager
def recorded(node: Node, name: str, kind: str) -> Iterator[FlowResult]:
    """Record the work inside as a flow's, whatever its end."""
    now = datetime.now(UTC)
    flow = FlowResult(name, kind, now, now)
    rows, sets = node.result.rows, len(node.result.metric_sets)
    node.result.flows.append(flow)
    node.flow, node.inputs_ready = flow, None
    try:
        yield flow
    except BaseException as error:
        flow.state = (
            "SKIPPED" if isinstance(error, UpstreamFailed) else "CANCELED" if isinstance(error, Canceled) else "FAILED"
        )
        raise
    finally:
        node.flow = None
        flow.started, flow.ended = node.inputs_ready or now, datetime.now(UTC)
        flow.rows = node.result.rows - rows
        flow.metric_sets = node.result.metric_sets[sets:]


def columns(schema: StructType) -> list[tuple[str, str]]:
    """Name and type of each column."""
    return [(field.name, field.dataType.simpleString()) for field in schema]


def unchanged(definition: Mapping[str, Any]) -> FlowResult:
    """A flow that had nothing to do, as it was defined when it last ran."""
    now = datetime.now(UTC)
    schema = [(name, kind) for name, kind in definition["schema"]]
    return FlowResult(definition["name"], definition["kind"], now, now, reads=list(definition["reads"]), schema=schema)
