"""Places in code that know the environment: a comparison with a target's name, a catalog written out."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lakeflow_local.check.programs.syntax import Module, dotted

# What people call their environments, besides the targets of the bundle.
PRODUCTION = frozenset({"prod", "prd", "production", "live"})
USUAL = PRODUCTION | {"dev", "development", "test", "tst", "qa", "uat", "sit", "stage", "staging", "stg", "preprod"}
_ENVIRONMENT = re.compile(
    r"(?:^|[_.\W])(?:env|environ|environment|target|bundle_target|stage|tier|deployment)(?:_?(?:name|type|target))?$",
    re.I,
)
_PLACE = re.compile(r"(?:^|_)(?:catalog|schema|workspace|host|env|environment|target)(?:_|$)", re.I)


@dataclass(frozen=True)
class Mention:
    """One place.

    Attributes:
        line: In the file.
        text: What is mentioned there, for people.
    """

    line: int
    text: str


def comparisons(module: Module, targets: Collection[str]) -> Iterator[Mention]:
    """Where the environment's name decides: `if env == "prod"`, `{"dev": …, "prod": …}[env]`, `match env:`."""
    names = {name.lower() for name in targets} | USUAL
    for node in module.nodes:
        match node:
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[right]):
                for subject, other in ((left, right), (right, left)):
                    if _named(other, names) and _is_environment(subject):
                        yield Mention(node.lineno, f"{ast.unparse(node)}")
                        break
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[right]):
                values = right.elts if isinstance(right, (ast.Tuple, ast.List, ast.Set)) else []
                by_name = any(_named(value, names) for value in values) and _is_environment(left)
                if by_name or (_named(left, names) and _is_place(right)):
                    yield Mention(node.lineno, ast.unparse(node))
            case ast.Call(func=ast.Attribute(value=subject, attr="startswith" | "endswith"), args=[part]):
                text = part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""
                if text.strip("_-./").lower() in names and (_is_place(subject) or _is_environment(subject)):
                    yield Mention(node.lineno, ast.unparse(node))
            case ast.Match(subject=subject, cases=cases) if _is_environment(subject):
                values = [case.pattern.value for case in cases if isinstance(case.pattern, ast.MatchValue)]
                if any(_named(value, names) for value in values):
                    yield Mention(node.lineno, f"match {ast.unparse(subject)}")
            case ast.Subscript(value=ast.Dict(keys=keys), slice=index) if _is_environment(index):
                if sum(1 for key in keys if key is not None and _named(key, names)) > 1:
                    yield Mention(node.lineno, f"a value for each environment, chosen by {ast.unparse(index)}")


def catalogs(module: Module, names: Collection[str]) -> Iterator[Mention]:
    """Where a catalog of the targets is written out, in a text that is no comment and no docstring."""
    pattern = catalog_pattern(names)
    if pattern is None:
        return
    others = {id(text) for text in (*_docstrings(module), *_shown_defaults(module), *_settings(module))}
    for node in module.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in others:
            found = pattern.search(node.value)
            if found or (node.value in names and re.search(r"[_-]", node.value)):
                yield Mention(node.lineno, found[0].strip("`'\" /(") if found else node.value)


def catalog_pattern(names: Collection[str]) -> re.Pattern[str] | None:
    """Finds `catalog.schema.table` and `/Volumes/catalog/`; None without names."""
    if not names:
        return None
    any_name = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    return re.compile(rf"(?<![\w.$@-])`?(?:{any_name})`?\.`?\w+`?\.`?\w+|/Volumes/(?:{any_name})(?=/)")


def _named(node: ast.AST, names: Collection[str]) -> str:
    """The environment that a text names, or ""."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() in names:
        return node.value
    return ""


def _is_place(node: ast.AST) -> bool:
    """Whether a variable holds something that has an environment in its name: a catalog, a host."""
    return isinstance(node, (ast.Name, ast.Attribute)) and bool(_PLACE.search(dotted(node).rpartition(".")[2]))


def _is_environment(node: ast.AST) -> bool:
    """Whether an expression reads the environment's name: by what it is called, or from where it is taken."""
    match node:
        case ast.Name() | ast.Attribute():
            return _ENVIRONMENT.search(dotted(node).rpartition(".")[2]) is not None
        case ast.Subscript(slice=ast.Constant(value=str() as key)):
            return _ENVIRONMENT.search(key) is not None
        case ast.Call(func=ast.Attribute(value=inner, attr="lower" | "upper" | "strip" | "casefold")):
            return _is_environment(inner)
        case ast.Call(func=function, args=[ast.Constant(value=str() as key), *_]):
            return dotted(function).rpartition(".")[2] in ("get", "getenv", "getArgument") and (
                _ENVIRONMENT.search(key) is not None
            )
    return False


def _shown_defaults(module: Module) -> Iterator[ast.AST]:
    """The default of a widget, which a task's parameter takes the place of."""
    for node in module.nodes:
        if isinstance(node, ast.Call) and re.search(r"widgets\.(text|dropdown|combobox)$", dotted(node.func)):
            yield from (inner for argument in (*node.args, *node.keywords) for inner in ast.walk(argument))


def _settings(module: Module) -> Iterator[ast.AST]:
    """The names of Spark settings: `spark.conf.get("fleet.orders.limit")`, which may begin as a catalog does."""
    for node in module.nodes:
        if isinstance(node, ast.Call) and node.args and re.search(r"(^|\.)conf\.\w+$", dotted(node.func)):
            yield node.args[0]


def _docstrings(module: Module) -> Iterator[ast.Constant]:
    for node in module.nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
