"""`spark_conf` of a dataset or flow: settings of the session for as long as it is worked on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyspark.sql import SparkSession


class FlowSettings:
    """The settings in force of one session. An update with such settings works on one dataset at a time."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._in_force: Mapping[str, str] = {}
        self._before: dict[str, str | None] = {}

    @contextmanager
    def of(self, wanted: Mapping[str, str]) -> Iterator[None]:
        """Have these settings, and none of the dataset for which this one is brought up to date."""
        outer = self._in_force
        self._change(wanted)
        try:
            yield
        finally:
            self._change(outer)

    def _change(self, wanted: Mapping[str, str]) -> None:
        for key in self._in_force:
            before = self._before.pop(key)
            self._spark.conf.unset(key) if before is None else self._spark.conf.set(key, before)
        self._in_force = {}
        for key, value in wanted.items():
            self._before[key] = self._spark.conf.get(key, None)
            self._in_force = {**self._in_force, key: value}
            self._spark.conf.set(key, value)
