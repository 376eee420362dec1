"""What Spark starts for its Python workers: `spark.python.daemon.module`.

A worker serves many tasks and keeps the modules that it has imported. Code of the bundle is dropped before each task,
so that a UDF which imports a module sees the file as it is now, also in a JVM that runs for days. What paths of the
platform mean, and where code comes from, a query brings along with the settings of its session.
"""

from __future__ import annotations

import importlib
import os
import sys
import sysconfig
from typing import IO

from pyspark import TaskContext, daemon, worker_util

from lakeflow_local.platform_paths import deployed_imports, python_files
from lakeflow_local.platform_paths.path_map import ENVIRONMENT, WORKERS, PathMap

_INSTALLED = (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())


def forget_own_modules() -> None:
    """Drop imported modules that belong to no installed package."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and name != "__main__" and not file.startswith(_INSTALLED) and not name.startswith("lakeflow_local"):
            del sys.modules[name]
    importlib.invalidate_caches()


class _Imports:
    """Where this process imports from, changed as the task at hand wants it."""

    def __init__(self) -> None:
        self._before = list(sys.path), list(sys.meta_path)
        self._in_force = ""

    def go_by(self, described: str) -> None:
        """Read, write and import by a map, given as JSON."""
        if described == self._in_force:
            return
        paths = PathMap.from_json(described)
        sys.path[:], sys.meta_path[:] = self._before
        if paths.code is not None:
            deployed_imports.use_only(paths.code)
        python_files.use(paths)
        self._in_force = described


def main() -> None:
    """Serve as Spark's own module does."""
    sys.dont_write_bytecode = True  # it is told from its source by whole seconds and size
    imports = _Imports()
    if ENVIRONMENT in os.environ:
        imports.go_by(os.environ[ENVIRONMENT])
    serve, set_up_files = daemon.worker, worker_util.setup_spark_files

    def worker(*arguments: object) -> int:
        forget_own_modules()
        return int(serve(*arguments))  # type: ignore[arg-type]

    def set_up(infile: IO[bytes]) -> None:
        task = TaskContext.get()
        described = task.getLocalProperty(WORKERS) if task is not None else None
        if described:
            imports.go_by(described)
        set_up_files(infile)

    daemon.worker = worker  # type: ignore[assignment]
    worker_util.setup_spark_files = set_up  # the first thing of a task after its context is known
    daemon.manager()


if __name__ == "__main__":
    main()
