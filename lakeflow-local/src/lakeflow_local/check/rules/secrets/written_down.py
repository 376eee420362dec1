"""Secrets that are written down where everybody who has the repository reads them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from lakeflow_local.check.example_files import bundle
from lakeflow_local.check.facts.shapes_of_secrets import is_literal_secret, names_a_secret, tokens_in
from lakeflow_local.check.finding import Found, Place, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.synced import synced_files
from lakeflow_local.check.target import CheckedBundle, CheckedTarget
from lakeflow_local.check.value import Value

_PAGE = "https://docs.databricks.com/aws/en/security/secrets/"
_REASON = (
    "Everybody who can read the repository or the workspace folder has the secret; in a history it stays for ever."
)
_FIX = (
    "Revoke it, put the new one into a secret scope, and refer to it: {{secrets/<scope>/<key>}}, dbutils.secrets.get."
)
_TOKEN = "da" + "pi" + "0a1b2c3d4e5f60718293a4b5c6d7e8f9"  # of the shape alone: it opens nothing
_PIPELINE = """
resources:
  pipelines:
    orders:
      name: orders
      catalog: main
      schema: silver
      configuration:
        {setting}
      libraries:
        - file:
            path: orders.py
"""
_TEXT_FILES = (
    ".py",
    ".sql",
    ".yml",
    ".yaml",
    ".json",
    ".ipynb",
    ".toml",
    ".cfg",
    ".ini",
    ".sh",
    ".env",
    ".txt",
    ".properties",
    ".tfvars",
    ".md",
)
_MOST_TEXT = 1_000_000


@rule(
    id="token-in-file",
    family="secrets",
    severity="error",
    basis="documented",
    reason=_REASON,
    fact=f"{_PAGE}; the shapes are those that the issuers publish for secret scanning.",
    fix=_FIX,
    bad=bundle(_PIPELINE.format(setting=f"service: {_TOKEN}  # <--"), {"orders.py": ""}),
    good=bundle(_PIPELINE.format(setting="service: '{{secrets/payments/service}}'"), {"orders.py": ""}),
    scope="bundle",
)
def token_in_file(checked: CheckedBundle) -> Iterator[Found]:
    """No file of the bundle's configuration, and none that is uploaded, holds a token of well-known shape."""
    paths = list(checked.written.paths)
    for target in checked.targets.values():
        paths += [path for path in synced_files(target) if path.suffix in _TEXT_FILES or path.name.startswith(".env")]
    for path in dict.fromkeys(path.resolve() for path in paths):
        yield from _tokens(checked, path)


def _tokens(checked: CheckedBundle, path: Path) -> Iterator[Found]:
    source = checked.sources.read(path)
    if source is None or len(source.text) > _MOST_TEXT:
        return
    for what, start in tokens_in(source.text):
        yield found(Place("", path, source.text.count("\n", 0, start) + 1), f"this looks like {what}")


@rule(
    id="secret-in-configuration",
    family="secrets",
    severity="error",
    basis="policy",
    reason=_REASON,
    fact=_PAGE,
    fix=_FIX,
    bad=bundle(_PIPELINE.format(setting="db_password: Tr0ub4dor-3  # <--"), {"orders.py": ""}),
    good=bundle(_PIPELINE.format(setting="db_password: '{{secrets/orders/db_password}}'"), {"orders.py": ""}),
    scope="bundle",
)
def secret_in_configuration(checked: CheckedBundle) -> Iterator[Found]:
    """No literal stands under a key that names a secret."""
    for file, tree in checked.written.trees.items():
        for value in checked.written.values_of[file]:
            text = value.node.value
            if not isinstance(text, str) or not value.path:
                continue
            key = _key_of(value, tree)
            if isinstance(value.path[-1], int) and (option := re.match(r"--([\w-]+)=(.+)", text)):
                key, text = option.groups()
            if key is not None and names_a_secret(key) and is_literal_secret(text):
                yield found(value, f"{key} has its value written down")


_MAPS_OF_SETTINGS = {"configuration", "spark_conf", "spark_env_vars", "base_parameters", "named_parameters"}
_MAPS_OF_SETTINGS |= {"job_parameters", "parameters", "environment_vars", "custom_tags", "env", "options"}


def _key_of(value: Value, tree: Value) -> str | None:
    """What a value is called: its key; of a parameter and of a variable its name; of `--token=x` the option."""
    last = value.path[-1]
    if isinstance(last, int):
        return None
    if last in ("default", "value") and (parent := tree.get(*value.path[:-1])) is not None:
        if len(value.path) == 3 and value.path[0] == "variables":
            return str(value.path[1])
        if len(value.path) == 5 and value.path[0] == "targets" and value.path[2] == "variables":
            return str(value.path[3])
        return parent.text("name") or None
    if len(value.path) >= 4 and value.path[-2] == "variables" and value.path[0] == "targets":
        return str(last)
    return None if _MAPS_OF_SETTINGS.isdisjoint(value.path[:-1]) else str(last)


@rule(
    id="secret-in-code",
    family="secrets",
    severity="warning",
    basis="policy",
    reason=_REASON,
    fact=_PAGE,
    fix="Read it where it is needed: dbutils.secrets.get(scope, key).",
    bad=bundle(_PIPELINE.format(setting="a: b"), {"orders.py": 'PASSWORD = "Tr0ub4dor-3"  # <--\n'}),
    good=bundle(
        _PIPELINE.format(setting="a: b"), {"orders.py": 'PASSWORD = dbutils.secrets.get("orders", "db_password")\n'}
    ),
)
def secret_in_code(target: CheckedTarget) -> Iterator[Found]:
    """No literal is given a name, an option or an argument that names a secret, in Python that is uploaded."""
    for path in synced_files(target):
        source = target.sources.read(path) if path.suffix in (".py", ".ipynb") and not _is_test(path) else None
        if source is None or source.python is None:
            continue
        for name, node in _named_literals(source.python):
            if names_a_secret(name) and is_literal_secret(str(node.value)) and str(node.value) != name:
                line = node.lineno if path.suffix == ".py" else 1
                yield found(Place("", path, line), f"{name} has its value written down")


def _is_test(path: Path) -> bool:
    return path.name.startswith(("test_", "conftest")) or "tests" in path.parts or "test" in path.parts


def _named_literals(tree: ast.Module) -> Iterator[tuple[str, ast.Constant]]:
    """Every text that has a name: as a variable, an argument, `.option("password", "…")`, the key of a dictionary."""
    for node in ast.walk(tree):
        pairs: list[tuple[object, ast.expr | None]] = []
        if isinstance(node, ast.Assign):
            pairs = [(getattr(one, "id", getattr(one, "attr", None)), node.value) for one in node.targets]
        elif isinstance(node, ast.AnnAssign):
            pairs = [(getattr(node.target, "id", None), node.value)]
        elif isinstance(node, ast.Call):
            pairs = [(keyword.arg, keyword.value) for keyword in node.keywords]
            if getattr(node.func, "attr", "") in ("option", "set") and len(node.args) == 2:
                pairs.append((getattr(node.args[0], "value", None), node.args[1]))
        elif isinstance(node, ast.Dict):
            pairs = [(getattr(key, "value", None), value) for key, value in zip(node.keys, node.values, strict=True)]
        for name, value in pairs:
            if isinstance(name, str) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield name, value
