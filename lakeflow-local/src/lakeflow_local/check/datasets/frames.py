"""What kind of thing an expression of Spark code is, by the calls that made it: a DataFrame, a reader, a writer, …

Only what surely comes from Spark gets a kind, so that `count()` of a list or `first` of `functions` is never taken for
an action.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lakeflow_local.check.evaluation.modules import Module
from lakeflow_local.check.evaluation.values import name_of

FRAME, GROUPED, READER, STREAM_READER, WRITER, SESSION = (
    "frame",
    "grouped",
    "reader",
    "stream reader",
    "writer",
    "spark",
)
LOADERS = ("table", "load", "json", "csv", "parquet", "orc", "text", "jdbc", "xml", "avro", "delta", "binaryFile")
_GROUPING = ("groupBy", "groupby", "rollup", "cube", "groupingSets")
_NO_FRAME = ("columns", "schema", "dtypes", "rdd", "isStreaming", "storageLevel", "na", "stat", "sparkSession")
_ENDS = ("collect", "count", "first", "head", "take", "tail", "toPandas", "toLocalIterator", "isEmpty", "show")
_ENDS += ("foreach", "foreachPartition", "printSchema", "explain", "createOrReplaceTempView", "createTempView")
_DATASET_READS = ("read", "read_stream", "readStream")


@dataclass
class Scope:
    """Where an expression stands.

    Attributes:
        api: whether a node is a function of the pipelines module, and which.
        assigned: local name -> the expressions that it is assigned.
        values: what the parameters of a function are known to be.
        kinds: what kind of thing parameters are known to be.
    """

    module: Module
    assigned: dict[str, list[ast.expr]] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    inside: tuple[str, ...] = ()

    def kind(self, node: ast.AST) -> str | None:
        """The kind of an expression; None for what is not known to be of Spark."""
        return _kind(node, self, frozenset())


def assigned_in(body: list[ast.stmt]) -> dict[str, list[ast.expr]]:
    """Each name with what it is assigned in statements, those of inner functions left out."""
    found: dict[str, list[ast.expr]] = {}
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and isinstance(node.target, ast.Name) and node.value:
            found.setdefault(node.target.id, []).append(node.value)
        waiting.extend(ast.iter_child_nodes(node))
    return found


def _kind(node: ast.AST, scope: Scope, seen: frozenset[str]) -> str | None:
    if isinstance(node, ast.Name):
        return _of_name(node.id, scope, seen)
    if isinstance(node, ast.Attribute):
        before = _kind(node.value, scope, seen)
        if before == SESSION:
            return {"read": READER, "readStream": STREAM_READER}.get(node.attr)
        if before == FRAME:
            if node.attr in ("write", "writeStream"):
                return WRITER
            return None if node.attr in _NO_FRAME else FRAME if node.attr == "df" else None
        return None
    if isinstance(node, ast.Call):
        return _of_call(node, scope, seen)
    if isinstance(node, ast.IfExp):
        kinds = {_kind(node.body, scope, seen), _kind(node.orelse, scope, seen)}
        return kinds.pop() if len(kinds) == 1 else None
    return None


def _of_name(name: str, scope: Scope, seen: frozenset[str]) -> str | None:
    if name in scope.kinds:
        return scope.kinds[name]
    if name in seen:
        return None
    if name in scope.assigned:
        kinds = {_kind(one, scope, seen | {name}) for one in scope.assigned[name]}
        # What builds on itself in a loop, `df = df.withColumn(…)`, is what it was to begin with.
        kinds.discard(None)
        return kinds.pop() if len(kinds) == 1 else None
    if name == "spark":
        return SESSION
    bound = scope.module.bound.get(name, [])
    if len(bound) == 1 and isinstance(bound[0], ast.Assign):
        return _kind(bound[0].value, Scope(scope.module, inside=scope.inside), seen | {name})
    return None


def _of_call(node: ast.Call, scope: Scope, seen: frozenset[str]) -> str | None:
    function = node.func
    written = name_of(function)
    if written.endswith(("SparkSession.active", "SparkSession.getActiveSession")):
        return SESSION
    if not isinstance(function, ast.Attribute):
        return None
    dotted = scope.module.dotted(function)
    if dotted.startswith(("dlt.", "pyspark.pipelines.")):
        return FRAME if function.attr in _DATASET_READS else None
    if function.attr == "getOrCreate":
        return SESSION
    before = _kind(function.value, scope, seen)
    if before == SESSION:
        return FRAME if function.attr in ("table", "sql", "createDataFrame", "range") else None
    if before in (READER, STREAM_READER):
        return FRAME if function.attr in LOADERS else before
    if before == FRAME:
        if function.attr == "writeTo":
            return WRITER
        return GROUPED if function.attr in _GROUPING else None if function.attr in _ENDS else FRAME
    if before == GROUPED:
        return GROUPED if function.attr == "pivot" else FRAME
    return WRITER if before == WRITER else None
