"""A process that runs code of a bundle, attached to the process that owns its Spark."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeflow_local.daemon import finding
from lakeflow_local.daemon.channel import Channel, Say
from lakeflow_local.daemon.places import Record
from lakeflow_local.errors import UserError
from lakeflow_local.jobs.process.taskprocess import ForkServerClient
from lakeflow_local.settings import Service

if TYPE_CHECKING:
    from lakeflow_local.spark.session import SparkServer


# In a process that was made for a command: the one for which it was made.
made_by: Record | None = None


def attach(root: Path, messages: Say) -> Attachment | None:
    """Attach this process to that of a bundle folder, which is started if there is none.

    Returns:
        None where commands do without it, see `is_wanted`.

    Raises:
        UserError: it cannot be started.
    """
    if made_by is None and not finding.is_wanted(os.environ):
        return None
    if made_by is None:
        record, channel, started = finding.find(root, messages)
        return Attachment(record, channel, messages, stops=started)
    return Attachment(made_by, Channel.connect(made_by.socket), messages)


class Attachment:
    """What the process of a bundle does for one that runs its code. It lasts until `close`, or the end of either."""

    def __init__(self, record: Record, channel: Channel, messages: Say, *, stops: bool = False) -> None:
        """
        Args:
            record: of the process.
            channel: to it.
            messages: takes lines for people.
            stops: whether the process ends with this, once no command uses it.
        """
        self._record = record
        self._stops = stops
        self._forks = record.forks
        self._channel = channel
        self._messages = messages
        # Before anything here changes it: what the JVM and tasks are to have.
        self._environment = {name: value for name, value in os.environ.items() if name != "LAKEFLOW_LOCAL_TASK"}
        self._channel.ask("attach")

    def close(self) -> None:
        """Give everything back."""
        self._channel.close()
        if self._stops:
            finding.stop(self._record, self._messages, between_runs=True)

    def target(self, target: str) -> None:
        """Say for which target this runs."""
        self._channel.ask("target", target=target)

    def start_spark(self, root: Path, catalog_names: Iterable[str]) -> SparkServer:
        """A session of the process's JVM."""
        from lakeflow_local.daemon.attached_spark import AttachedSpark

        server = AttachedSpark(root, lambda: self._lease(catalog_names), self._channel.ask)
        server.start()
        return server

    def warm_up(self) -> None:
        """Have the JVM started, for those who come later."""
        self._lease(())

    def fork_server(self) -> ForkServerClient:
        """A client of the process's fork server, whose tasks have the environment of this process."""
        return ForkServerClient.connect(self._forks, {**self._environment, "TZ": "UTC"})

    def services(self, services: Iterable[Service]) -> dict[str, str]:
        """The addresses of services that run beside the process, by name."""
        found = self._channel.ask("services", services=list(map(asdict, services)), environment=self._environment)
        return dict(found)

    def addresses(self, services: Iterable[Service]) -> dict[str, str]:
        """The addresses of services, by name, that stay the same when a service or the process is started anew."""
        return dict(self._channel.ask("addresses", services=list(map(asdict, services))))

    @contextmanager
    def exclusive(self, folder: Path, pipeline: str) -> Iterator[None]:
        """Lock a pipeline for one update; if this process is killed, until the JVM does nothing more for it.

        Raises:
            UpdateInProgress: another update holds it.
        """
        from lakeflow_local.pipelines.store.state import UpdateInProgress  # a command that hands over locks nothing

        try:
            self._channel.ask("lock", folder=str(folder), pipeline=pipeline)
        except UserError as error:
            raise UpdateInProgress(error.message) from None
        try:
            yield
        finally:
            self._channel.ask("unlock", folder=str(folder))

    def _lease(self, catalog_names: Iterable[str]) -> Mapping[str, Any]:
        wanted = sorted(catalog_names)
        found = self._channel.ask("spark", self._messages, catalogs=wanted, environment=self._environment)
        return dict(found)
