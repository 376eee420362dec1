"""The SDK's own client on the application of `api_client`, and what its classes say of an answer."""

import dataclasses
import enum
import importlib
import typing

from api_client import TOKEN
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config


def sdk_of(api) -> WorkspaceClient:
    """A client of the SDK, without any profile of whoever runs the tests."""
    return WorkspaceClient(config=Config(host=api.url, token=TOKEN, auth_type="pat", retry_timeout_seconds=5))


def misfits(kind: str, answer) -> list[str]:
    """Where an answer has a field that the SDK does not know, lacks one that it requires, or has another type.

    Args:
        kind: `pipelines.GetPipelineResponse`.
    """
    module, name = kind.split(".")
    service = importlib.import_module(f"databricks.sdk.service.{module}")
    return list(_misfits(getattr(service, name), answer, name))


def _misfits(kind, value, where):
    if typing.get_origin(kind) is typing.Union:
        kind = next(one for one in typing.get_args(kind) if one is not type(None))
    if typing.get_origin(kind) is list:
        for index, item in enumerate(value):
            yield from _misfits(typing.get_args(kind)[0], item, f"{where}[{index}]")
    elif dataclasses.is_dataclass(kind):
        known = typing.get_type_hints(kind)
        yield from (f"{where}.{name} is unknown" for name in value if name not in known)
        for field in dataclasses.fields(kind):
            if field.name in value:
                yield from _misfits(known[field.name], value[field.name], f"{where}.{field.name}")
            elif field.default is dataclasses.MISSING:
                yield f"{where}.{field.name} is missing"
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        if value not in [item.value for item in kind]:
            yield f"{where} is {value!r}"
    elif kind in (str, int, bool) and value is not None and type(value) is not kind:
        yield f"{where} is {value!r}, and no {kind.__name__}"
