"""Shapes of resources: those of the typed classes of `databricks-bundles`, kept beside the environment.

Importing the classes takes a third of a second of every command, reading the file that is made of them a hundredth. The
file's name has the version of the package, and a hash of the code that reads the classes.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from lakeflow_local.bundle.shapes.schema import Field, ListOf, MapOf, Record, Scalar, Shape

_SINGULAR = {
    "experiments": "mlflow_experiment",
    "models": "mlflow_model",
    "postgres_branches": "postgres_branch",
    "vector_search_indexes": "vector_search_index",
}


@cache
def kinds() -> frozenset[str]:
    """Every kind of resource, in the plural, as YAML has it."""
    return frozenset(resources().fields)


def singular(kind: str) -> str:
    """A kind in the singular, as file names have it: `nightly.job.yml`."""
    if kind in _SINGULAR:
        return _SINGULAR[kind]
    return f"{kind[:-3]}y" if kind.endswith("ies") else kind.removesuffix("s")


@cache
def resources() -> Record:
    """The shape of the `resources` section."""
    code = b"".join(Path(__file__).with_name(name).read_bytes() for name in ("typed_classes.py", "resource_shapes.py"))
    name = f"shapes-{metadata.version('databricks-bundles')}-{hashlib.sha256(code).hexdigest()[:12]}.json"
    return kept(Path(sys.prefix) / "share" / "lakeflow-local" / name)


def kept(file: Path) -> Record:
    """The shape of the `resources` section, from a file that is made if it is not there or cannot be read."""
    try:
        return unpacked(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        from lakeflow_local.bundle.shapes.typed_classes import read_resources

        found = read_resources()
    with suppress(OSError):  # an environment that cannot be written to reads the classes each time
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name(f".{file.name}.{os.getpid()}")
        beside.write_text(json.dumps(packed(found)), encoding="utf-8")
        os.replace(beside, file)
    return found


def packed(root: Record) -> list[Any]:
    """A record with all that it holds as JSON: the records by number, the first is this one."""
    numbers = {id(root): 0}
    records = [root]

    def pack(shape: Shape) -> Any:
        if isinstance(shape, Scalar):
            return [shape.kind, *shape.values]
        if isinstance(shape, Record):
            if id(shape) not in numbers:
                numbers[id(shape)] = len(records)
                records.append(shape)
            return numbers[id(shape)]
        return {"map" if isinstance(shape, MapOf) else "list": pack(shape.item)}

    return [
        [record.name, {key: [pack(one.shape), one.required, one.keeps, one.keeps_null] for key, one in fields.items()}]
        for record in records  # which grows meanwhile
        for fields in [record.fields]
    ]


def unpacked(data: list[Any]) -> Record:
    """The record of `packed`. The fields of each are made when they are first needed."""
    known: dict[int, Record] = {}

    def shape(packed: Any) -> Shape:
        if isinstance(packed, int):
            return record(packed)
        if isinstance(packed, list):
            return Scalar(packed[0], tuple(packed[1:]))
        (kind, item), *_ = packed.items()
        return MapOf(shape(item)) if kind == "map" else ListOf(shape(item))

    def fields(entries: Mapping[str, Any]) -> dict[str, Field]:
        return {
            key: Field(shape(packed), required=required, keeps=keeps, keeps_null=keeps_null)
            for key, (packed, required, keeps, keeps_null) in entries.items()
        }

    def record(number: int) -> Record:
        if number not in known:
            name, entries = data[number]
            known[number] = Record(name, lambda: fields(entries))
        return known[number]

    return record(0)
