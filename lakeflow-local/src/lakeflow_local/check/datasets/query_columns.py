"""The columns of the frame that a dataset function returns, as far as its code names them."""

from __future__ import annotations

import ast

from lakeflow_local.check.datasets.frames import FRAME, Scope
from lakeflow_local.check.evaluation.evaluate import text_of
from lakeflow_local.check.evaluation.modules import Module

_SAME = ("where", "filter", "distinct", "dropDuplicates", "limit", "orderBy", "sort", "hint", "repartition", "coalesce")
_CONSTANTS = ("lit", "current_timestamp", "current_date")


def columns_of(function: ast.FunctionDef, scope: Scope) -> tuple[str, ...] | None:
    """The columns of the frame that a function returns, if it ends with a select of plain names."""
    returns = [one for one in ast.walk(function) if isinstance(one, ast.Return)]
    if len(returns) != 1 or returns[0].value is None:
        return None
    node, added = returns[0].value, []
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and scope.kind(node) == FRAME:
        if node.func.attr == "select":
            names = [_column(one, scope) for one in node.args]
            return (*names, *added) if names and None not in names else None  # type: ignore[return-value]
        if node.func.attr == "withColumn" and node.args:
            name = text_of(node.args[0], scope.module)
            if name is None:
                return None
            added.append(name)
        elif node.func.attr not in _SAME:
            return None
        node = node.func.value
    return None


def _column(node: ast.expr, scope: Scope) -> str | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("alias", "name"):
        return text_of(node.args[0], scope.module) if len(node.args) == 1 else None
    if isinstance(node, ast.Call) and scope.module.dotted(node.func) in (
        "pyspark.sql.functions.col",
        "pyspark.sql.functions.column",
    ):
        node = node.args[0] if node.args else node
    name = text_of(node, scope.module)
    return name.rpartition(".")[2].strip("`") if name and "*" not in name else None


def filled_by(function: ast.FunctionDef, module: Module) -> frozenset[str]:
    """The columns that `lit(…)` or the time of the update fills: `.alias(name)` and `withColumn(name, …)` of these."""
    found: set[str] = set()
    for node in ast.walk(function):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        value = node.func.value if node.func.attr == "alias" else node.args[1] if len(node.args) > 1 else None
        is_constant = isinstance(value, ast.Call) and module.dotted(value.func).rpartition(".")[2] in _CONSTANTS
        if is_constant and node.func.attr in ("alias", "withColumn") and (name := text_of(node.args[0], module)):
            found.add(name.lower())
    return frozenset(found)
