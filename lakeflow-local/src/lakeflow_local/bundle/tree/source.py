"""Reads YAML and JSON files into nodes, with the place of every key and value.

Scalars are read as YAML 1.2 with the CLI's habits: `yes` and `on` are text (they become booleans only
where a boolean belongs), a date stays the text that it is, `017` is seventeen.
"""

from __future__ import annotations

import io
import math
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

from lakeflow_local.bundle.tree.diagnostics import Diagnostics
from lakeflow_local.bundle.tree.nodes import Location, Node
from lakeflow_local.errors import BundleError

_INT = re.compile(r"[-+]?(0|[1-9][0-9_]*|0[0-9_]+|0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL_FLOAT = re.compile(r"([-+]?)\.(inf|Inf|INF|nan|NaN|NAN)")
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE, _FALSE = {"true", "True", "TRUE"}, {"false", "False", "FALSE"}
_MERGE = "tag:yaml.org,2002:merge"


def read(path: Path, diagnostics: Diagnostics | None = None) -> Node:
    """The first document of a YAML or JSON file; an empty file is null.

    A key that stands twice in a map is reported: the later one counts, as for the CLI.

    Raises:
        BundleError: if the file cannot be read, is no UTF-8 or no YAML.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        raise BundleError(f"cannot be read: {problem.strerror}", path) from problem
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        raise BundleError("is not UTF-8 text", path, line) from problem
    try:
        root = _parser().compose(io.StringIO(text))
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        reason = " ".join(part for part in (problem.problem, problem.context) if part)
        raise BundleError(f"not YAML: {' '.join(reason.split())}", path, mark.line + 1 if mark else 1) from problem
    except YAMLError as problem:
        raise BundleError(f"not YAML: {' '.join(str(problem).split())}", path, 1) from problem
    return Node(None, (Location(path, 1, 1),)) if root is None else _Reader(path, diagnostics).node(root)


def _parser() -> YAML:
    parser = YAML(typ="safe", pure=True)
    # The CLI lets a repeated key win without a word; here the reader does the same and says so.
    parser.allow_duplicate_keys = True
    return parser


class _Reader:
    """Turns ruamel's nodes into ours; aliases are expanded, a cyclic one is an error."""

    def __init__(self, path: Path, diagnostics: Diagnostics | None) -> None:
        self._path, self._diagnostics = path, diagnostics
        self._open: set[int] = set()

    def node(self, yaml: YamlNode) -> Node:
        if id(yaml) in self._open:
            raise self._error("an anchor refers to itself", yaml)
        self._open.add(id(yaml))
        try:
            node = Node(self._value(yaml), (self._place(yaml),), anchor=yaml.anchor is not None)
        finally:
            self._open.discard(id(yaml))
        return node

    def _value(self, yaml: YamlNode) -> Any:
        if isinstance(yaml, MappingNode):
            return self._mapping(yaml)
        if isinstance(yaml, SequenceNode):
            return [self.node(item) for item in yaml.value]
        return self._scalar(yaml)

    def _mapping(self, yaml: MappingNode) -> dict[str, Node]:
        own: dict[str, Node] = {}
        merged: list[dict[str, Node]] = []
        for key, value in yaml.value:
            if not isinstance(key, ScalarNode):
                raise self._error("a key must be a plain word", key)
            if key.value == "<<" and (key.style is None or _tag(key) == _MERGE):
                if merged:
                    raise self._error("'<<' stands twice in one map; merge several maps with '<<: [*a, *b]'", key)
                merged = self._merged(value)
                continue
            child = self.node(value)
            child.key = self._place(key)
            if key.value in own and self._diagnostics is not None:
                self._diagnostics.recommend(f"{key.value} stands twice in this map: the later one counts", child)
            own.pop(key.value, None)
            own[key.value] = child
        # As the CLI has it, and other than YAML's merge draft: of several merged maps the last one wins.
        result: dict[str, Node] = {}
        for entries in (*merged, own):
            result.update(entries)
        return result

    def _merged(self, yaml: YamlNode) -> list[dict[str, Node]]:
        sources = yaml.value if isinstance(yaml, SequenceNode) else [yaml]
        if not all(isinstance(source, MappingNode) for source in sources):
            raise self._error("'<<' needs a map, or a list of maps", yaml)
        return [self.node(source).value for source in sources]

    def _scalar(self, yaml: ScalarNode) -> Any:
        text = yaml.value
        explicit = _tag(yaml)
        if yaml.style is not None or explicit.endswith((":str", "!")):
            return text
        if text in _NULL:
            return None
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        if _INT.fullmatch(text):
            return _integer(text)
        if special := _SPECIAL_FLOAT.fullmatch(text):
            sign = -1.0 if special.group(1) == "-" else 1.0
            return math.nan if special.group(2).lower() == "nan" else sign * math.inf
        return float(text) if _FLOAT.fullmatch(text) else text

    def _place(self, yaml: YamlNode) -> Location:
        return Location(self._path, yaml.start_mark.line + 1, yaml.start_mark.column + 1)

    def _error(self, message: str, yaml: YamlNode) -> BundleError:
        return BundleError(message, self._path, yaml.start_mark.line + 1)


def _tag(yaml: YamlNode) -> str:
    """The tag only if it was written out; ruamel fills in one for everything else."""
    tag = getattr(yaml, "tag", None)
    return str(tag) if tag is not None else ""


def _integer(text: str) -> int:
    digits = text.replace("_", "")
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    stripped = digits.lstrip("0") or "0"
    return sign * (int(stripped) if stripped.isdigit() else int(digits, 0))
