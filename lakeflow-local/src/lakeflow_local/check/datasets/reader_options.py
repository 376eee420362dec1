"""The options and the format that a chain of calls gives to a reader of Spark."""

from __future__ import annotations

import ast
from typing import Any

from lakeflow_local.check.datasets.frames import READER, STREAM_READER, Scope
from lakeflow_local.check.evaluation.evaluate import text_of, value_of
from lakeflow_local.check.evaluation.values import Unknown


def options_of(node: ast.AST, scope: Scope) -> tuple[dict[str, str] | None, str | None]:
    """The options of a reader, in lower case, None if some are not known; and its format."""
    options: dict[str, str] = {}
    known, form = True, None
    seen: set[str] = set()
    while True:
        if isinstance(node, ast.Name) and node.id not in seen and len(scope.assigned.get(node.id, ())) == 1:
            seen.add(node.id)
            node = scope.assigned[node.id][0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "format" and node.args:
                form = form or text_of(node.args[0], scope.module, scope.values)
            elif node.func.attr == "option" and node.args:
                key = text_of(node.args[0], scope.module, scope.values)
                value = _or_none(node.args[1] if len(node.args) > 1 else None, scope)
                options.update({key.lower(): value} if key else {})
                known &= key is not None
            elif node.func.attr == "schema":
                options["schema"] = "given"
            elif node.func.attr == "options":
                for keyword in node.keywords:
                    value = _or_none(keyword.value, scope, whole=keyword.arg is None)
                    if keyword.arg is not None:
                        options[keyword.arg.lower()] = value
                    elif isinstance(value, dict):
                        options.update({str(key).lower(): str(one).lower() for key, one in value.items()})
                    else:
                        known = False
            node = node.func.value
        elif isinstance(node, ast.Attribute):
            node = node.value
        else:
            # A reader that is a parameter may have been given options before.
            is_parameter = isinstance(node, ast.Name) and scope.kinds.get(node.id) in (READER, STREAM_READER)
            return (options if known and not is_parameter else None), form


def _or_none(node: ast.expr | None, scope: Scope, *, whole: bool = False) -> Any:
    try:
        value = value_of(node, scope.module, scope.values)
    except Unknown:
        return None if whole else "?"
    return value if whole else str(value).lower()
