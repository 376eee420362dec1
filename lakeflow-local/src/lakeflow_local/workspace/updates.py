"""Updates of pipelines that belong to no run of a job: on record, or only to validate."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from lakeflow_local.errors import ChoiceError
from lakeflow_local.jobs.model.outcomes import LifeCycle, Result
from lakeflow_local.jobs.model.spec import SpecError
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.jobs.tasks.pipeline import RunUpdate, describe
from lakeflow_local.workspace.definitions import Definitions
from lakeflow_local.workspace.packages import check_pipeline_packages
from lakeflow_local.workspace.report import UpdateReport
from lakeflow_local.workspace.runner import now


def check_pipeline(definitions: Definitions, key: str) -> None:
    """Refuse a key that is no pipeline, and a pipeline whose packages are not here.

    Raises:
        ChoiceError: with the pipelines that there are.
        UserError: for a package, with the place that asks for it.
    """
    if key not in definitions.pipelines:
        raise ChoiceError(definitions.nothing_called(key))
    try:
        check_pipeline_packages(key, definitions.bundle.resource("pipelines", key))
    except SpecError as error:
        raise definitions.located(error) from None


def recorded_update(
    store: RunStore,
    definitions: Definitions,
    run_update: RunUpdate,
    key: str,
    options: Mapping[str, Any],
    messages: Callable[[str], None],
) -> UpdateReport:
    """Run one update of a pipeline and keep it in the history, whatever its end.

    Args:
        store: of this thread.
        definitions: of the bundle.
        run_update: runs it.
        key: the pipeline.
        options: of `Pipeline.update`.
        messages: takes a line for each event but the starts of datasets.
    """

    def show(event: Any) -> None:
        if event.kind != "started":
            messages(describe(event))

    source = definitions.bundle.resource("pipelines", key)
    run_id, lock = store.create(
        kind="pipeline",
        key=key,
        name=str(source.get("name") or key),
        job_id=0,
        target=definitions.target,
        source=source,
        at=now(),
    )
    store.mark(run_id, LifeCycle.RUNNING, None, "", now())
    try:
        report = run_update(key, options, show).as_dict()
        result = Result.SUCCESS if report["state"] == "COMPLETED" else Result.FAILED
        store.finish_plain(run_id, result, str(report.get("error") or ""), now(), {"update": report})
    except BaseException as error:
        with suppress(sqlite3.OperationalError):  # a full disk: the next command finds the run lost
            store.finish_plain(run_id, Result.FAILED, str(error).splitlines()[0] if str(error) else "", now(), {})
        raise
    finally:
        lock.release()
    return UpdateReport(run_id=run_id, update=report)
