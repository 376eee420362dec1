"""A session of a JVM that another process owns, in place of a `SparkServer` of one's own."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from lakeflow_local.spark.gateway import make_quick_and_quiet
from lakeflow_local.spark.session import (
    SparkServer,
    forget_context,
    prepare_process,
    refuse_a_second_session,
)

_LOOK_AGAIN = 0.2  # seconds between two looks whether the JVM lives


class AttachedSpark(SparkServer):
    """Started and stopped as a `SparkServer` is; the JVM runs on."""

    def __init__(self, root: Path, lease: Callable[[], Mapping[str, Any]], ask: Callable[..., Any]) -> None:
        """
        Args:
            root: the bundle's folder.
            lease: gets a part of the JVM from its owner.
            ask: asks its owner.
        """
        super().__init__(root)
        self._lease = lease
        self._ask = ask
        self._pid = 0

    def start(self) -> SparkServer:
        """Attach to the JVM, which its owner starts first if there is none."""
        refuse_a_second_session()
        found = self._lease()
        prepare_process()
        before = signal.getsignal(signal.SIGINT) if _is_main_thread() else None
        os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"] = str(found["port"]), found["secret"]
        try:
            gateway = launch_gateway()
        finally:
            del os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"]
        make_quick_and_quiet(gateway)
        base = gateway.entry_point
        java_context = gateway.jvm.JavaSparkContext(base.sparkContext())
        context = _SharedContext(gateway=gateway, jsc=java_context, conf=SparkConf(_jconf=java_context.sc().conf()))
        context.environment.update(found["workers"])
        session = SparkSession(context, base.newSession())
        # What has no session of its own in the JVM goes on with the owner's, not with that of one client.
        gateway.jvm.org.apache.spark.sql.classic.SparkSession.setDefaultSession(base)
        if before is not None:
            signal.signal(signal.SIGINT, before)  # SparkContext would cancel the jobs of all clients
        self._spark, self.remote, self.user = session, found["remote"], found["user"]
        self._port, self._pid = found["port"], found["pid"]
        return self

    def stop(self) -> None:
        """Give the session back, and with it all that it still does."""
        if self._spark is not None:
            self._spark = self.remote = None
            forget_context()
            self._ask("release_spark")

    @property
    def is_alive(self) -> bool:
        """Whether the JVM is there."""
        return self._spark is not None and _lives(self._pid)

    @property
    def pid(self) -> int | None:
        """Of the JVM."""
        return self._pid or None

    def wait_for_end(self) -> None:
        """Wait until the JVM has ended, or was given back."""
        while self.is_alive:
            time.sleep(_LOOK_AGAIN)

    def discard(self) -> str:
        """Forget a JVM that has died.

        Returns:
            How it ended.
        """
        self._spark = self.remote = None
        forget_context()
        return str(self._ask("end_of_spark"))


class _SharedContext(SparkContext):
    """A context that other processes use too: no code of a bundle may stop it, or what others do in it."""

    def stop(self) -> None:
        """Do nothing: the JVM outlives the run."""

    def cancelAllJobs(self) -> None:
        """Cancel the jobs of this client."""
        tag = self.getLocalProperty("spark.job.tags")
        if tag:
            self.cancelJobsWithTag(tag)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
