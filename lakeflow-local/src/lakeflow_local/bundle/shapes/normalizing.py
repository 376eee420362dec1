"""Fits configuration to its schema: unknown keys and wrong types are reported and left out.

Text that spells a number or a boolean becomes one where one belongs, and the other way round. A pure
reference (`${var.x}`) is left alone: it is fitted again once it is resolved.
"""

from __future__ import annotations

import math
from decimal import Decimal

from lakeflow_local.bundle.shapes.schema import ListOf, MapOf, Record, Scalar, Shape
from lakeflow_local.bundle.tree.diagnostics import Diagnostics
from lakeflow_local.bundle.tree.nodes import Node, NodePath
from lakeflow_local.bundle.tree.syntax import is_pure_reference

_TRUE = {"true", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON"}
_FALSE = {"false", "n", "N", "no", "No", "NO", "off", "Off", "OFF"}


def normalize(node: Node, shape: Shape, diagnostics: Diagnostics, path: NodePath = ()) -> Node | None:
    """The node as its shape wants it, or None where it does not fit at all (the diagnostics say why)."""
    if isinstance(shape, Scalar):
        return _scalar(node, shape, diagnostics, path)
    if node.is_null:
        return node
    if isinstance(node.value, str) and is_pure_reference(node.value):
        return node
    if isinstance(shape, ListOf):
        return _list(node, shape, diagnostics, path)
    if not node.is_map:
        diagnostics.warn(f"expected map, found {_kind(node)}", node, path)
        return None
    return _map(node, shape, diagnostics, path) if isinstance(shape, MapOf) else _record(node, shape, diagnostics, path)


def _list(node: Node, shape: ListOf, diagnostics: Diagnostics, path: NodePath) -> Node | None:
    if not node.is_list:
        diagnostics.warn(f"expected sequence, found {_kind(node)}", node, path)
        return None
    items = []
    for item in node.value:
        fitted = normalize(item, shape.item, diagnostics, (*path, len(items)))
        if fitted is not None:
            items.append(fitted)
    return _like(node, items)


def _map(node: Node, shape: MapOf, diagnostics: Diagnostics, path: NodePath) -> Node:
    entries = {}
    for key, child in node.value.items():
        fitted = normalize(child, shape.item, diagnostics, (*path, key))
        if fitted is not None:
            entries[key] = fitted
    return _like(node, entries)


def _record(node: Node, shape: Record, diagnostics: Diagnostics, path: NodePath) -> Node:
    entries = {}
    for key, child in node.value.items():
        known = shape.fields.get(key)
        if known is None:
            if not _only_anchors(child):
                diagnostics.warn(f"unknown field: {key}", child, path, at_key=True)
            continue
        fitted = normalize(child, known.shape, diagnostics, (*path, key))
        if fitted is None or (fitted.is_null and not known.keeps_null):
            continue
        if isinstance(known.shape, Scalar) and not known.keeps and fitted.value in ("", 0, False):
            continue
        entries[key] = fitted
    return _like(node, entries)


def _scalar(node: Node, shape: Scalar, diagnostics: Diagnostics, path: NodePath) -> Node | None:
    if shape.kind == "any":
        return node
    value = node.value
    if value is None:
        diagnostics.warn(f"expected a {shape.kind} value, found null", node, path)
        return None
    if isinstance(value, (dict, list)):
        diagnostics.warn(f"expected {shape.kind}, found {_kind(node)}", node, path)
        return None
    if shape.kind == "string":
        return _like(node, _spell(value))
    if isinstance(value, str):
        return _from_text(node, shape.kind, diagnostics, path)
    if shape.kind == "bool":
        if not isinstance(value, bool):
            diagnostics.warn(f"expected bool, found {_kind(node)}", node, path)
            return None
        return node
    if isinstance(value, bool):
        diagnostics.warn(f"expected {shape.kind}, found bool", node, path)
        return None
    if shape.kind == "int" and value != int(value):
        diagnostics.warn(f'cannot accurately represent "{value:g}" as integer due to precision loss', node, path)
        return None
    return _like(node, int(value) if shape.kind == "int" else float(value))


def _from_text(node: Node, kind: str, diagnostics: Diagnostics, path: NodePath) -> Node | None:
    text = node.value
    if kind == "bool" and text in _TRUE | _FALSE:
        return _like(node, text in _TRUE)
    if kind != "bool":
        try:
            return _like(node, int(text) if kind == "int" else float(text))
        except ValueError:
            pass
    if is_pure_reference(text):
        return node
    kinds = {"int": "an integer", "float": "a floating point number"}
    message = "expected bool, found string" if kind == "bool" else f'cannot parse "{text}" as {kinds[kind]}'
    diagnostics.warn(message, node, path)
    return None


def drop_empty_texts(node: Node, shape: Shape) -> None:
    """Leaves out empty texts of optional fields, in place: `policy_id: ""` counts as not written."""
    if isinstance(shape, Record) and node.is_map:
        for key, child in list(node.value.items()):
            known = shape.fields.get(key)
            if known is not None and not known.required and child.value == "":
                del node.value[key]
            elif known is not None:
                drop_empty_texts(child, known.shape)
    elif isinstance(shape, MapOf) and node.is_map:
        for child in node.value.values():
            drop_empty_texts(child, shape.item)
    elif isinstance(shape, ListOf) and node.is_list:
        for child in node.value:
            drop_empty_texts(child, shape.item)


def _spell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value):
        return format(Decimal(repr(value)).normalize(), "f")
    return str(value)


def _only_anchors(node: Node) -> bool:
    """Whether a value is there only to be reused by YAML aliases: anchored, or made of anchored parts."""
    if node.anchor:
        return True
    children = list(node.value.values()) if node.is_map else node.value if node.is_list else []
    return bool(children) and all(_only_anchors(child) for child in children)


def _kind(node: Node) -> str:
    names = {dict: "map", list: "sequence", str: "string", bool: "bool", int: "int", float: "float"}
    return names.get(type(node.value), "nil")


def _like(node: Node, value: object) -> Node:
    return Node(value, node.locations, node.key, anchor=node.anchor)
