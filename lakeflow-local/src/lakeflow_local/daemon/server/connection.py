"""Answers the requests of one connection, and takes back what it was given when it closes."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeflow_local.daemon.channel import Channel, Gone
from lakeflow_local.daemon.identity import difference
from lakeflow_local.daemon.places import inode
from lakeflow_local.daemon.server.forwarding import Forwarding
from lakeflow_local.daemon.server.holdings import Holdings, log
from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.store.state import exclusive
from lakeflow_local.settings import Service

if TYPE_CHECKING:
    from lakeflow_local.daemon.server.warm_spark import Lease

_SECONDS_TO_GIVE_BACK = 3  # what a command that has just ended had: nobody needs to be told of that


class Connection:
    """One client of the process, on a thread of its own.

    Attributes:
        waits_for_the_end: whether it has asked for the end of the process, and is told by the end of the connection.
    """

    def __init__(self, holdings: Holdings, forwarding: Forwarding, channel: Channel) -> None:
        self.waits_for_the_end = False
        self._holdings = holdings
        self._forwarding = forwarding
        self._runs_a_command = False
        self._channel = channel
        self._lease: Lease | None = None
        self._locks: dict[str, contextlib.ExitStack] = {}

    def serve(self) -> None:
        """Answer until the other end closes."""
        try:
            while (request := self._channel.receive()) is not None:
                operation = getattr(self, f"_do_{request.pop('op')}")
                try:
                    answer = {"answer": operation(**request)}
                except UserError as error:
                    answer = {"error": str(error)}
                except Exception as error:
                    log(f"a request failed: {error!r}")
                    answer = {"error": f"{type(error).__name__}: {error}"}
                with contextlib.suppress(Gone):  # the next receive says so
                    self._channel.send(answer)
        finally:
            self._give_back()
            self._channel.close()

    def close(self) -> None:
        """Close it from this end."""
        self._channel.close()

    def _say(self, line: str) -> None:
        with contextlib.suppress(Gone):
            self._channel.send({"say": line})

    def _do_hello(self, identity: dict[str, str], keep: bool) -> dict[str, Any]:
        """Whether this process is the right one for a command; if so, the command begins."""
        holdings = self._holdings
        differs = difference(holdings.identity, identity)
        if not differs:
            holdings.kept = holdings.kept or keep
            self._begin_command()
        return {"inode": inode(holdings.places.root), "differs": differs}

    def _do_status(self) -> dict[str, Any]:
        return self._holdings.status()

    def _do_stop(self, between_runs: bool) -> None:
        if between_runs and not self._holdings.is_idle_within(_SECONDS_TO_GIVE_BACK):
            self._say("waiting for the end of other commands")
            self._holdings.is_idle_within(None)
        self.waits_for_the_end = True
        self._holdings.ending.set()

    def _do_end_spark(self) -> bool:
        return not self._holdings.busy and self._holdings.spark.end()

    def _do_attach(self) -> None:
        self._begin_command()

    def _do_target(self, target: str) -> None:
        self._holdings.target = target

    def _do_spark(self, catalogs: list[str], environment: dict[str, str]) -> dict[str, Any]:
        self._release()
        spark = self._holdings.spark
        lease = spark.lease(catalogs, environment, self._say)
        self._lease = lease
        return {
            "port": lease.client.port,
            "secret": lease.client.secret,
            "user": lease.client.name,
            "remote": lease.server.remote,
            "pid": lease.server.pid,
            "workers": spark.environment_of_workers(environment),
        }

    def _do_release_spark(self) -> None:
        self._release()

    def _do_end_of_spark(self) -> str:
        return self._holdings.spark.end_of_jvm()

    def _do_services(self, services: list[dict[str, Any]], environment: dict[str, str]) -> dict[str, str]:
        return self._holdings.urls(list(map(_service, services)), environment)

    def _do_addresses(self, services: list[dict[str, Any]]) -> dict[str, str]:
        """Addresses that stay when a service is started anew."""
        return {service.name: self._forwarding.address(service) for service in map(_service, services)}

    def _do_lock(self, folder: str, pipeline: str) -> None:
        """Lock a pipeline for an update of this client."""
        locks = contextlib.ExitStack()
        locks.enter_context(exclusive(Path(folder), pipeline))
        self._locks[folder] = locks

    def _do_unlock(self, folder: str) -> None:
        self._locks.pop(folder).close()

    def _begin_command(self) -> None:
        """A command begins; it ends when the connection closes."""
        if not self._runs_a_command:
            self._runs_a_command = True
            self._holdings.begin_command()

    def _release(self) -> None:
        lease, self._lease = self._lease, None
        if lease is not None:
            self._holdings.spark.release(lease)

    def _give_back(self) -> None:
        try:
            self._release()
        finally:  # only now, as the JVM might have gone on committing
            for locks in self._locks.values():
                locks.close()
            if self._runs_a_command:
                self._holdings.end_command()


def _service(found: dict[str, Any]) -> Service:
    return Service(
        name=found["name"],
        command=tuple(found["command"]),
        targets=tuple(found["targets"]),
        variable=found["variable"],
    )
