"""The shape that configuration may have: which keys exist and what type each has.

Resources come from the typed classes of the `databricks-bundles` package, so that a new field needs a new
version of that package and nothing here; the sections around them (`bundle`, `workspace`, targets, …) are
written down in `sections.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Scalar:
    """A single value.

    Attributes:
        kind: `string`, `int`, `float`, `bool`, or `any` (whatever is written).
        values: The values that an enumeration allows; empty for any.
    """

    kind: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class MapOf:
    """A map with keys that the author chooses."""

    item: Shape


@dataclass(frozen=True)
class ListOf:
    """A list."""

    item: Shape


@dataclass(frozen=True)
class Field:
    """A key of a record.

    Attributes:
        shape: What it holds.
        required: Whether a warning is due when it is missing.
        keeps: Whether a zero (``""``, 0, false) that was written stays; otherwise it counts as not written,
            which is how the CLI's own sections behave (``artifacts_dynamic_version: false`` leaves no trace).
        keeps_null: Whether a written null stays visible in what `validate` prints.
    """

    shape: Shape
    required: bool = False
    keeps: bool = False
    keeps_null: bool = False


@dataclass(frozen=True)
class Record:
    """A map with known keys.

    Attributes:
        name: For messages and tests.
        make: Gives the fields; called once, when they are first needed (shapes may contain themselves).
    """

    name: str
    make: Callable[[], Mapping[str, Field]] = field(compare=False)

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        return self.make()


Shape = Scalar | MapOf | ListOf | Record

STRING, INT, FLOAT, BOOL, ANY = (Scalar(kind) for kind in ("string", "int", "float", "bool", "any"))


def record(name: str, /, **fields: Shape | Field) -> Record:
    """A record from its fields; a bare shape is a field that is neither required nor keeps zeros."""
    made = {key: value if isinstance(value, Field) else Field(value) for key, value in fields.items()}
    return Record(name, lambda: made)
