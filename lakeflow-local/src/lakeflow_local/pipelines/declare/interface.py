"""Puts the engine's functions into `pyspark.pipelines` and makes `import dlt` find them: files run unchanged."""

from __future__ import annotations

import sys
import types
from typing import Any

from lakeflow_local.pipelines.declare import declare, declare_flow
from lakeflow_local.pipelines.declare.declare_cdc import create_auto_cdc_flow, create_auto_cdc_from_snapshot_flow
from lakeflow_local.pipelines.declare.declare_sink import create_sink, foreach_batch_sink


def read(name: str) -> Any:
    """A dataset as a batch DataFrame."""
    return _session().read.table(name)


def read_stream(name: str) -> Any:
    """A dataset as a streaming DataFrame."""
    return _session().readStream.table(name)


def _session() -> Any:
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


_EXPECTATIONS = {
    function.__name__: function
    for function in (
        declare.expect,
        declare.expect_or_drop,
        declare.expect_or_fail,
        declare.expect_all,
        declare.expect_all_or_drop,
        declare.expect_all_or_fail,
    )
}

_COMMON = {
    **_EXPECTATIONS,
    "create_streaming_table": declare.create_streaming_table,
    "append_flow": declare_flow.append_flow,
    "replace_flow": declare_flow.replace_flow,
    "update_flow": declare_flow.update_flow,
    "create_auto_cdc_flow": create_auto_cdc_flow,
    "create_auto_cdc_from_snapshot_flow": create_auto_cdc_from_snapshot_flow,
    "create_sink": create_sink,
    "foreach_batch_sink": foreach_batch_sink,
    "read": read,
    "read_stream": read_stream,
}


def install() -> None:
    """Replace the functions of `pyspark.pipelines`, and make `import dlt` find them."""
    import pyspark.pipelines as dp

    for name, function in {
        **_COMMON,
        "table": declare.table,
        "materialized_view": declare.materialized_view,
        "temporary_view": declare.temporary_view,
        "view": declare.temporary_view,
        "create_table": declare.create_table,
    }.items():
        setattr(dp, name, function)
    dlt = types.ModuleType("dlt", "The older name of `pyspark.pipelines`.")
    for name, function in {
        **_COMMON,
        "table": declare.table,
        "view": declare.temporary_view,
        "temporary_view": declare.temporary_view,
        "materialized_view": declare.materialized_view,
        "create_table": declare.create_streaming_table,
        "create_streaming_live_table": declare.create_streaming_table,
        "create_target_table": declare.create_streaming_table,
        "apply_changes": create_auto_cdc_flow,
        "apply_changes_from_snapshot": create_auto_cdc_from_snapshot_flow,
        "readStream": read_stream,
    }.items():
        setattr(dlt, name, function)
    sys.modules["dlt"] = dlt
