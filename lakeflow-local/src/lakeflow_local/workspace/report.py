"""What a run or an update gives back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from lakeflow_local.bundle import Bundle
from lakeflow_local.jobs.machine.notifications import Notification, at_end, unheard
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.model.reading import read_job
from lakeflow_local.jobs.model.state import RunState
from lakeflow_local.jobs.store.apiview import view
from lakeflow_local.jobs.store.runs import RunStore


@dataclass
class RunReport:
    """An ended run of a job.

    Attributes:
        state: the run as the state machine left it.
    """

    store: RunStore
    state: RunState

    @property
    def run_id(self) -> int:
        """Its id."""
        return self.state.run_id

    @property
    def result(self) -> Result | None:
        """Its result."""
        return self.state.result

    @property
    def is_green(self) -> bool:
        """Whether a command that played it exits with 0."""
        return self.result in (Result.SUCCESS, Result.SUCCESS_WITH_FAILURES)

    @property
    def notifications(self) -> list[Notification]:
        """The notifications that the run would send."""
        return at_end(self.state)

    def notifications_of(self, bundle: Bundle) -> list[Notification]:
        """The notifications that it would send if its job were configured as in this bundle, such as another target's.

        Raises:
            BundleError: that bundle has no such job.
        """
        key = self.state.spec.key
        return at_end(replace(self.state, spec=read_job(key, bundle.resource("jobs", key))))

    @property
    def unheard(self) -> list[str]:
        """Failures without a recipient, a line each."""
        return unheard(self.state)

    def as_dict(self) -> dict[str, Any]:
        """The run as `GET /api/2.2/jobs/runs/get` gives it."""
        found = view(self.store, self.run_id)
        assert found is not None
        return found


@dataclass(frozen=True)
class UpdateReport:
    """An ended update of a pipeline. `update` is its JSON."""

    run_id: int
    update: dict[str, Any]

    @property
    def is_green(self) -> bool:
        """Whether a command that played it exits with 0."""
        return bool(self.update["state"] == "COMPLETED")

    def as_dict(self) -> dict[str, Any]:
        """The update."""
        return self.update
