"""The imported modules that lie in a folder of the bundle."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType


def modules_below(folder: Path) -> dict[str, ModuleType]:
    """The imported modules whose files lie below a folder, by name, without those of an environment that lies there.

    Texts are compared and no paths: an update asks several times, and some thousand modules are imported.
    """
    below, environment = os.path.join(folder, ""), os.path.join(sys.prefix, "")
    found = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.startswith(below) and not file.startswith(environment):
            found[name] = module
    return found
