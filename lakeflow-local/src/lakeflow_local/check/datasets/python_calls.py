"""The pipelines module as code calls it: which function a node means, and its arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from lakeflow_local.check.datasets.model import Expectation, Place
from lakeflow_local.check.evaluation.evaluate import text_of, value_of
from lakeflow_local.check.evaluation.modules import Module
from lakeflow_local.check.evaluation.values import Doubled, Unknown

MODULES = ("dlt", "pyspark.pipelines", "databricks.declarative_pipelines")
DATASETS = ("table", "materialized_view", "view", "temporary_view", "create_view")  # the last one is of early versions
READS = ("read", "read_stream", "readStream")
FLOWS = ("append_flow", "replace_flow", "update_flow")
TABLES = ("create_streaming_table", "create_streaming_live_table", "create_target_table", "create_table")
CDC = ("create_auto_cdc_flow", "apply_changes")
SNAPSHOTS = ("create_auto_cdc_from_snapshot_flow", "apply_changes_from_snapshot")
SCD_TYPES = {"cdc": ("1", "2", "bitemporal", "none"), "snapshot": ("1", "2", "none")}
SINKS = ("create_sink", "foreach_batch_sink")
EXPECTATIONS = {
    "expect": "warn",
    "expect_or_drop": "drop",
    "expect_or_fail": "fail",
    "expect_all": "warn",
    "expect_all_or_drop": "drop",
    "expect_all_or_fail": "fail",
}
DECLARES = (*DATASETS, *FLOWS, *TABLES, *CDC, *SNAPSHOTS, *SINKS)


def function_of(node: ast.AST, module: Module) -> str | None:
    """The function of the pipelines module that a node names or calls."""
    if isinstance(node, ast.Call):
        node = node.func
    dotted = module.dotted(node)
    before, _, name = dotted.rpartition(".")
    if before in MODULES:
        return name
    if not before and any(star in MODULES for star in module.stars) and name not in module.bound:
        return name if name in DECLARES or name in EXPECTATIONS else None
    return None


def argument(node: ast.AST, name: str, position: int | None = None) -> ast.expr | None:
    """The expression of an argument; None if it is not given."""
    if not isinstance(node, ast.Call):
        return None
    for keyword in node.keywords:
        if keyword.arg == name:
            return keyword.value
    return node.args[position] if position is not None and len(node.args) > position else None


def has_more(node: ast.AST) -> bool:
    """Whether a call takes arguments of a map or list, which may be any."""
    return isinstance(node, ast.Call) and (
        any(keyword.arg is None for keyword in node.keywords) or any(isinstance(one, ast.Starred) for one in node.args)
    )


def map_of(node: ast.expr | None, module: Module, local: Mapping[str, Any]) -> dict[str, str] | None:
    """A map of texts; None if it, or a value in it, is not known; empty if it is not given."""
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return {}
    if isinstance(node, ast.Dict):  # a value that is not known leaves the others known
        found: dict[str, str] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            name = text_of(key, module, local) if key is not None else None
            if name is None:
                return None
            try:
                found[name] = str(value_of(value, module, local))
            except Unknown:
                found[name] = "?"
        return found
    try:
        value = value_of(node, module, local)
    except Unknown:
        return None
    return {str(key): str(one) for key, one in value.items()} if isinstance(value, dict) else None


def expectations(
    function: str, node: ast.AST, module: Module, local: Mapping[str, Any], lines: bool
) -> tuple[list[Expectation], bool]:
    """The rules of a call of `expect…`, and whether these are all."""
    action = EXPECTATIONS[function]
    place = Place(module.path, getattr(node, "lineno", None) if lines else None)
    if function.startswith("expect_all"):
        return rules_in(argument(node, "expectations", 0), action, module, local, place, lines)
    name = text_of(argument(node, "name", 0) or argument(node, "description"), module, local)
    given = argument(node, "inv", 1) or argument(node, "condition") or argument(node, "constraint")
    predicate = text_of(given, module, local)
    if name is None:
        return [], False
    return [Expectation(name, predicate, action, place)], True


def rules_in(
    node: ast.expr | None, action: str, module: Module, local: Mapping[str, Any], place: Place, lines: bool
) -> tuple[list[Expectation], bool]:
    """The rules of a map of names and predicates, each with its line where the map stands in this file."""
    if node is None:
        return [], True
    try:
        value = value_of(node, module, local)
    except Unknown:
        return (list(_each(node, action, module, local, lines)), False) if isinstance(node, ast.Dict) else ([], False)
    if not isinstance(value, dict):
        return [], False
    where = places_of(node, module) if lines else {}
    found = [
        Expectation(str(name), one if isinstance(one, str) else None, action, where.get(name, place))
        for name, one in value.items()
    ]
    doubled = value.doubled if isinstance(value, Doubled) else []
    return found + [Expectation(str(name), None, action, where.get(name, place)) for name in doubled], True


def _each(node: ast.Dict, action: str, module: Module, local: Mapping[str, Any], lines: bool) -> Iterator[Expectation]:
    for key, value in zip(node.keys, node.values, strict=True):
        name = text_of(key, module, local) if key is not None else None
        if name is not None:
            place = Place(module.path, value.lineno if lines else None)
            yield Expectation(name, text_of(value, module, local), action, place)


def places_of(node: ast.expr, module: Module) -> dict[str, Place]:
    """Where the entries of a map stand: here, or where a name of this or another module is bound to it."""
    if isinstance(node, ast.Name):
        found = bound_to(node.id, module)
        if found is None:
            return {}
        node, module = found
    if not isinstance(node, ast.Dict):
        return {}
    return {
        key.value: Place(module.path, key.lineno)
        for key in node.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def bound_to(name: str, module: Module) -> tuple[ast.expr, Module] | None:
    """The expression that a name is bound to, with its module, through an import of the bundle's own."""
    bound = module.bound.get(name)
    if bound is not None:
        first = bound[0]
        return (first.value, module) if len(bound) == 1 and isinstance(first, ast.Assign) else None
    source, inside = module.imported.get(name, (None, None))
    other = module.project.find(source, module.path) if source and inside else None
    return bound_to(inside, other) if other is not None and inside is not None else None
