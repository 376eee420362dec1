"""Finds filters that negate all rules of a map together: `"NOT({})".format(" AND ".join(rules.values()))`."""

from __future__ import annotations

import ast
import re


def negated(node: ast.AST) -> ast.expr | None:
    """The map of rules whose conditions are joined by AND and negated together."""
    parts: list[ast.AST]
    if isinstance(node, ast.Call):
        if not (isinstance(node.func, ast.Attribute) and node.func.attr == "format"):
            return None
        parts = [node.func.value, *node.args]
    elif isinstance(node, ast.JoinedStr):
        parts = [one.value if isinstance(one, ast.FormattedValue) else one for one in node.values]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [node.left.left, node.left.right] if isinstance(node.left, ast.BinOp) else [node.left, node.right]
    else:
        return None
    first = parts[0] if parts else None
    starts = isinstance(first, ast.Constant) and isinstance(first.value, str)
    if not starts or not re.match(r"\s*NOT\s*\(\s*(\{\d*\}.*)?$", first.value, re.IGNORECASE):  # type: ignore[union-attr]
        return None
    return next((found for one in parts[1:] if (found := _joined(one)) is not None), None)


def _joined(node: ast.AST) -> ast.expr | None:
    """`rules` of `" AND ".join(rules.values())`."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join"):
        return None
    glue = node.func.value
    if not (isinstance(glue, ast.Constant) and str(glue.value).strip().upper() == "AND" and len(node.args) == 1):
        return None
    values = node.args[0]
    is_values = isinstance(values, ast.Call) and isinstance(values.func, ast.Attribute) and values.func.attr == "values"
    return values.func.value if is_values else None  # type: ignore[union-attr]
