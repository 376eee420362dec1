"""A record that somebody has changed is refused in a line, as files are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lakeflow_local.errors import UserError
from lakeflow_local.jobs.model.spec import SpecError

_WRONG = (KeyError, IndexError, ValueError, TypeError, AttributeError, OverflowError, SpecError)


@contextmanager
def undamaged(run_id: int) -> Iterator[None]:
    """Read the record of a run.

    Raises:
        UserError: it is not as this tool writes it.
    """
    try:
        yield
    except _WRONG as error:
        why = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UserError(
            f"run {run_id} is damaged in the history ({why}): remove it from .lakeflow/runs.db, or move that file away"
        ) from error
