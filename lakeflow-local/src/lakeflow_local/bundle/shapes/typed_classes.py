"""Reads the shapes of resources from the typed classes of `databricks-bundles`, which takes most of a second."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any

import databricks.bundles
from databricks.bundles.core import Resource, Variable

from lakeflow_local.bundle.shapes.schema import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    STRING,
    Field,
    ListOf,
    MapOf,
    Record,
    Scalar,
    Shape,
)

_SCALARS: dict[Any, Shape] = {str: STRING, int: INT, float: FLOAT, bool: BOOL, Any: ANY}

# Known to the CLI, without a class in the package; their fields are not checked.
_WITHOUT_CLASS = {
    "postgres_projects",
    "postgres_branches",
    "postgres_endpoints",
    "postgres_catalogs",
    "postgres_databases",
    "postgres_roles",
    "postgres_synced_tables",
}
# Classes around the API's own: a zero that is written there counts as not written.
_OWN_CLASSES = {"Lifecycle", "Permission"}
# Fields around the API's own: a null that is written there counts as not written.
_OWN_FIELDS = {"permissions", "grants"}

# Set by a deployment, so the package, which describes what people write, does not have them.
_BY_DEPLOYMENT = {"id": Field(STRING), "url": Field(STRING), "modified_status": Field(STRING)}
_BY_DEPLOYMENT_OF_ONE: dict[str, dict[str, Field]] = {
    "Volume": {"volume_path": Field(STRING)},
    "Job": {"deployment": Field(ANY), "edit_mode": Field(STRING), "format": Field(STRING)},
    "Pipeline": {"deployment": Field(ANY)},
    # Left out of the package as outdated; the API still takes it.
    "PipelineLibrary": {"whl": Field(STRING)},
}


def read_resources() -> Record:
    """The shape of the `resources` section: every kind, in the plural, as YAML has it."""
    packages = {module.name for module in pkgutil.iter_modules(databricks.bundles.__path__) if module.ispkg}
    kinds = sorted(packages - {"core"} | _WITHOUT_CLASS)
    return Record("Resources", lambda: {kind: Field(MapOf(_kind(kind))) for kind in kinds})


def _kind(kind: str) -> Shape:
    if kind in _WITHOUT_CLASS:
        return ANY

    def fields() -> Mapping[str, Field]:
        module = importlib.import_module(f"databricks.bundles.{kind}")
        classes = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Resource)]
        return _record(classes[0]).fields

    return Record(kind, fields)


@cache
def _record(cls: type) -> Record:
    def fields() -> dict[str, Field]:
        hints = typing.get_type_hints(cls)
        own = cls.__name__ in _OWN_CLASSES
        made: dict[str, Field] = {}
        for part in dataclasses.fields(cls):
            required = part.default is dataclasses.MISSING and part.default_factory is dataclasses.MISSING
            made[part.name] = Field(
                _shape(hints[part.name]),
                required=required,
                keeps=required or not own,
                keeps_null=not own and part.name not in _OWN_FIELDS,
            )
        extra = _BY_DEPLOYMENT if issubclass(cls, Resource) else {}
        return {**extra, **_BY_DEPLOYMENT_OF_ONE.get(cls.__name__, {}), **made}

    return Record(cls.__name__, fields)


def _shape(hint: Any) -> Shape:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        choices = [choice for choice in typing.get_args(hint) if choice is not type(None) and not _is_variable(choice)]
        return _shape(choices[0]) if len(choices) == 1 else ANY
    if origin is list:
        return ListOf(_shape(typing.get_args(hint)[0]))
    if origin is dict:
        return MapOf(_shape(typing.get_args(hint)[1]))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Scalar("string", tuple(member.value for member in hint))
    if dataclasses.is_dataclass(hint):
        return _record(hint)
    return _SCALARS.get(hint, ANY)


def _is_variable(hint: Any) -> bool:
    return (typing.get_origin(hint) or hint) is Variable
