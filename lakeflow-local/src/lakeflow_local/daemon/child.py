"""A process that runs code of a bundle for the API: forked, or `python -m lakeflow_local.daemon.child`."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

from lakeflow_local.daemon import attachment
from lakeflow_local.daemon.places import Record


def run(record: str, function: str, arguments: list[Any]) -> None:
    """Call a function, attached to the process of the bundle.

    Args:
        record: of that process, as JSON.
        function: `module:name`; named by its text, as it may be on any floor.
        arguments: for it.
    """
    attachment.made_by = Record(**json.loads(record))
    module, _, name = function.partition(":")
    getattr(import_module(module), name)(*arguments)


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
