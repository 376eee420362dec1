"""Work that runs in a thread of the runner."""

from __future__ import annotations

import contextlib
import threading
import traceback
from collections.abc import Callable

from lakeflow_local.errors import UserError, shortage, without_py4j
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.tasks.base import Logs, Reporter


def in_thread(name: str, logs: Logs, reporter: Reporter, work: Callable[[], None]) -> None:
    """Do work in a thread; whatever it raises ends the attempt as FAILED, with the traceback in its log."""

    def run() -> None:
        try:
            work()
        except UserError as error:
            reporter.ended(Result.FAILED, str(error), "InvalidRunConfiguration")
        except BaseException as error:
            with contextlib.suppress(OSError):  # the end is told also where the disk is full
                logs.folder.mkdir(parents=True, exist_ok=True)
                with open(logs.stderr, "a", encoding="utf-8") as log:
                    traceback.print_exc(file=log)
            reporter.ended(Result.FAILED, first_line(error), "RunExecutionError")

    threading.Thread(target=run, name=name, daemon=True).start()


def first_line(error: BaseException) -> str:
    """An error in one line, for the run's state."""
    if short := shortage(error):
        return short
    text = without_py4j((str(error).strip() or repr(error)).splitlines())[0]
    if any(name in text for name in ("REQUIRES_SINGLE_PART_NAMESPACE", "CATALOG_NOT_FOUND")):
        text += " (the catalogs here are spark_catalog, samples, main and those that the bundle's settings name)"
    if "TABLE_OR_VIEW_NOT_FOUND" in text:
        text += " (--seed NAME=FILE can stand in for a table that only a workspace has)"
    return f"{type(error).__name__}: {text}"
