"""Runs the user's code in a task's process: sets the environment up, calls the code, reports how it ended.

A failure leaves its traceback in the log, and one line for the run's state in the file that the task names.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import runpy
import sys
import threading
import traceback
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any, TextIO

from lakeflow_local.dbutils import runtime
from lakeflow_local.errors import shortage
from lakeflow_local.jobs.process import landing_reads
from lakeflow_local.platform_paths import deployed_imports, python_files
from lakeflow_local.platform_paths.path_map import PathMap


def run(task: dict[str, Any]) -> int:
    """Run a task in this process.

    Args:
        task: `kind` (wheel, script, notebook), what that kind needs, `argv`, `cwd`, `environment`, `stdout`, `stderr`,
            `error` (paths), `context` (for dbutils); `code`, the folders of a deployment's code, see `installed`.

    Returns:
        The exit code.
    """
    _take_on(task)
    try:
        code = _call(task)
    except SystemExit as leaving:
        code = exit_code(leaving)
        if code:
            say_why(task, f"SystemExit: {leaving.code}")
    except BaseException as error:
        with contextlib.suppress(OSError):
            traceback.print_exc()
        # An error from Spark Connect brings the stack of the JVM along, which stays in the log.
        reason, _, _ = "".join(traceback.format_exception_only(error)).partition("\n\nJVM stacktrace:")
        if isinstance(error, SyntaxError):
            reason = f"{type(error).__name__}: {error}"  # in one line, with the file's name and the line
        say_why(task, shortage(error) or reason.strip())
        code = 1
    finish()
    return code


def _take_on(task: dict[str, Any]) -> None:
    for number, path in ((1, task["stdout"]), (2, task["stderr"])):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(descriptor, number)
        os.close(descriptor)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout = _text_stream(1)
    sys.stderr = _text_stream(2)
    os.environ.update(task["environment"])
    os.chdir(task["cwd"])
    sys.argv = list(task["argv"])
    paths = PathMap.from_json(task["context"]["paths"])
    if task.get("code") is not None:
        paths = replace(paths, code=tuple(task["code"]))
        deployed_imports.use_only(task["code"])
    importlib.invalidate_caches()
    python_files.use(paths)
    landing_reads.install(paths)
    runtime.install()
    runtime.configure(task["context"])


def _text_stream(descriptor: int) -> TextIO:
    return open(descriptor, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)


def _call(task: dict[str, Any]) -> int:
    if task["kind"] == "script":
        file = Path(task["file"]).resolve()
        sys.path.insert(0, str(file.parent))
        if task.get("code") is not None and file.is_file():  # deployed; a checkout's run keeps the command's folder
            os.chdir(file.parent)  # https://docs.databricks.com/aws/en/files/cwd-dbr-14: notebook or script
        runpy.run_path(str(file), run_name="__main__")
        return 0
    if task["kind"] == "notebook":
        from lakeflow_local.jobs.process.notebookmain import run_notebook

        run_notebook(Path(task["file"]))
        return 0
    function = find_entry_point(task["package_name"], task["entry_point"])
    function()
    return 0


def find_entry_point(package_name: str, entry_point: str) -> Any:
    """The function of a wheel task: an entry point of any group, else the function of that name in the package.

    Raises:
        LookupError: neither is there.
    """
    with contextlib.suppress(metadata.PackageNotFoundError):
        for found in metadata.distribution(package_name).entry_points:
            if found.name == entry_point:
                return found.load()
    module_name, _, function = f"{package_name.replace('-', '_')}.{entry_point}".rpartition(".")
    try:
        return getattr(importlib.import_module(module_name), function)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"package {package_name} has no entry point {entry_point}, and no such function") from error


def exit_code(leaving: SystemExit) -> int:
    """The exit code of a process that leaves so; a text is printed, as Python does."""
    if leaving.code is None or isinstance(leaving.code, int):
        return int(leaving.code or 0) & 0xFF
    print(leaving.code, file=sys.stderr)
    return 1


def say_why(task: dict[str, Any], message: str) -> None:
    """Leave the reason of a failure where the runner looks for it; it knows another one for a full disk."""
    with contextlib.suppress(OSError):
        Path(task["error"]).write_text(message, encoding="utf-8")


def finish() -> None:
    """Wait for threads, run exit functions and flush, as the interpreter does at its end; its teardown is left out."""
    with contextlib.suppress(Exception):
        threading._shutdown()  # type: ignore[attr-defined]
    with contextlib.suppress(Exception):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
