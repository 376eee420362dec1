"""`--only`: a part of a job's tasks."""

from __future__ import annotations

from collections.abc import Sequence

from lakeflow_local.errors import ChoiceError
from lakeflow_local.jobs.model.spec import JobSpec


def select_only(spec: JobSpec, only: Sequence[str]) -> frozenset[str] | None:
    """The tasks that a partial run is made of.

    `a` is task a alone, `+a` also all that it depends on, `a+` also all that depends on it. Dependencies on tasks that
    are not chosen count for nothing (not documented).

    Raises:
        ChoiceError: a key that the job does not have.
    """
    if not only:
        return None
    chosen: set[str] = set()
    for text in only:
        key = text.strip().removeprefix("+").removesuffix("+")
        if key not in spec.tasks:
            raise ChoiceError(f"job {spec.key} has no task {key!r}; it has {', '.join(spec.tasks)}")
        chosen.add(key)
        if text.strip().startswith("+"):
            chosen |= spec.upstream({key})
        if text.strip().endswith("+"):
            chosen |= spec.downstream({key})
    return frozenset(chosen)
