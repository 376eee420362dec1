"""Catalogs beside `spark_catalog`, the only one in which open source Delta works.

Schema `s` of catalog `c` is the schema `c__s` of spark_catalog: in pipelines, and through NamedCatalog.java wherever
Spark itself resolves a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lakeflow_local.spark.jvm.javaclasses import NAMED_CATALOG

LOCAL = "spark_catalog"
# The one that example code reads and the one that it most often writes: there without being named in a bundle.
USUAL = ("samples", "main")

_NAME = re.compile(r"\w+")
_PART = r"(?:`[^`]+`|[A-Za-z_]\w*)"
_FIRST_OF_THREE = re.compile(rf"(?<![\w.`'])(?:`(\w+)`|([A-Za-z_]\w*))\.{_PART}\.{_PART}(?![\w.(])")
_COMMENTS_BEFORE = re.compile(r"\A(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)+", re.DOTALL)
_USE = re.compile(
    r"USE\s+CATALOG\s+(?:IDENTIFIER\s*\(\s*'([^']+)'\s*\)|'([^']+)'|`([^`]+)`|([A-Za-z0-9_]+))", re.IGNORECASE
)


def local_schema(catalog: str, schema: str) -> str:
    """The schema of spark_catalog that stands for a schema of a catalog."""
    return schema if catalog.lower() == LOCAL else f"{catalog}__{schema}"


def declared(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The name as its author knows it, of a name of spark_catalog."""
    if len(parts) != 2 or "__" not in parts[0]:
        return parts
    return (*parts[0].split("__", 1), parts[1])


def named_in(config: Any) -> set[str]:
    """The catalogs that a resolved bundle names: every text whose key, or whose variable or parameter, tells so."""
    found: set[str] = set()
    if isinstance(config, Mapping):
        for key, value in config.items():
            if isinstance(value, str) and "catalog" in str(key).lower():
                found.add(value)
            elif isinstance(value, Mapping | list):
                found |= named_in(value)
        if "catalog" in str(config.get("name", "")).lower() and isinstance(config.get("default"), str):
            found.add(config["default"])
    elif isinstance(config, list):
        for item in config:
            found |= named_in(item)
    return {name for name in found if _NAME.fullmatch(name) and name.lower() != LOCAL}


def setting(name: str) -> str:
    """The Spark setting that makes a catalog known."""
    return f"spark.sql.catalog.{name}"


def settings(names: Iterable[str], warehouse: Path) -> dict[str, str]:
    """Spark settings for these catalogs, the usual ones and those that have schemas in a warehouse."""
    there = {path.name.split("__", 1)[0] for path in warehouse.glob("*__*")}
    return {setting(name): NAMED_CATALOG for name in sorted({*names, *there, *USUAL})}


def register(spark: Any, name: str) -> None:
    """Make a catalog known to a session, a classic one or one over Spark Connect."""
    if name.lower() != LOCAL:
        spark.conf.set(setting(name), NAMED_CATALOG)


def fit(spark: Any, statement: str) -> str:
    """A statement whose catalogs are known to the session, and USE CATALOG as open source Spark has it."""
    seen = vars(spark).setdefault("_lakeflow_catalogs", {LOCAL})
    for quoted, plain in _FIRST_OF_THREE.findall(statement):
        name = quoted or plain
        if name.lower() not in seen:
            seen.add(name.lower())
            register(spark, name)
    found = _USE.fullmatch(_COMMENTS_BEFORE.sub("", statement).strip().removesuffix(";").rstrip())
    if found is None:
        return statement
    name = next(group for group in found.groups() if group)
    if name.lower() == LOCAL:
        return f"SET CATALOG {LOCAL}"
    register(spark, name)
    return f"SET CATALOG `{name}`"
