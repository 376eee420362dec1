"""What Spark starts for its Python workers: `spark.python.daemon.module`.

A worker serves many tasks and keeps the modules that it has imported. Code of the bundle is dropped before each task,
so that a UDF which imports a module sees the file as it is now, also in a JVM that runs for days.
"""

from __future__ import annotations

import importlib
import os
import sys
import sysconfig

from pyspark import daemon

from lakeflow_local.platform_paths import python_files
from lakeflow_local.platform_paths.path_map import ENVIRONMENT, PathMap

_INSTALLED = (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())


def forget_own_modules() -> None:
    """Drop imported modules that belong to no installed package."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and name != "__main__" and not file.startswith(_INSTALLED) and not name.startswith("lakeflow_local"):
            del sys.modules[name]
    importlib.invalidate_caches()


def main() -> None:
    """Serve as Spark's own module does."""
    sys.dont_write_bytecode = True  # it is told from its source by whole seconds and size
    if ENVIRONMENT in os.environ:
        python_files.use(PathMap.from_json(os.environ[ENVIRONMENT]))
    serve = daemon.worker

    def worker(*arguments: object) -> int:
        forget_own_modules()
        return int(serve(*arguments))  # type: ignore[arg-type]

    daemon.worker = worker  # type: ignore[assignment]
    daemon.manager()


if __name__ == "__main__":
    main()
