"""The one merge of Spark settings: ours, then the pipeline's `configuration`, then the dataset's, then the flow's.

A later layer wins, so that the author's word always beats ours. The first two are the session's for a whole update; a
dataset's and a flow's `spark_conf` are laid over them while it is evaluated and written. Why one session serves all:
docs/adr/0003-spark-settings-in-one-merge.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pyspark.errors import AnalysisException, IllegalArgumentException
from pyspark.sql import SparkSession

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.files.landing import local_folder
from lakeflow_local.pipelines.model.model import CdcFlow, Dataset, Flow, SnapshotFlow, fail
from lakeflow_local.pipelines.model.spec import PipelineSpec
from lakeflow_local.spark import querycost

AnyFlow = Flow | CdcFlow | SnapshotFlow


def merged(*layers: Mapping[str, str]) -> dict[str, str]:
    """Several layers as one, the last word on each key."""
    return {key: value for layer in layers for key, value in layer.items()}


def by_size(spec: PipelineSpec, warehouse: Path) -> dict[str, str]:
    """Our settings by the size of what there is to read: the tables, and the folders that the configuration names."""
    values = [local_folder(value, spec.paths) for value in spec.configuration.values() if value]
    # Most values are no paths: os.path.isdir says so of any text, where Path.is_dir raises for a long one.
    folders = [Path(value) for value in values if os.path.isdir(value)]
    settings = querycost.settings_for(warehouse, folders)
    if querycost.has_deletion_vectors(warehouse):
        settings[querycost.SKIPPING] = "true"
    return settings


def expect_deletion_vectors(spark: SparkSession, datasets: Iterable[Dataset]) -> None:
    """Let Spark read the deletion vectors that a dataset asks for, before there are any."""
    if any(each.properties.get("delta.enableDeletionVectors", "").lower() == "true" for each in datasets):
        spark.conf.set(querycost.SKIPPING, "true")


def begin_update(spark: SparkSession, ours: Mapping[str, str], spec: PipelineSpec) -> list[str]:
    """Give a session what holds for a whole update.

    Returns:
        The keys of the configuration that Spark takes at its start only, and that therefore have no effect.

    Raises:
        UserError: for a value that Spark refuses.
    """
    fixed = []
    for key, value in merged(ours, spec.configuration).items():
        try:
            spark.conf.set(key, value)
        except AnalysisException as error:
            if not _is_fixed(error):
                raise
            fixed.append(key)
        except IllegalArgumentException as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"pipeline {spec.name}: configuration {key} cannot be {value!r}: {reason}") from None
    return fixed


def has_own_settings(dataset: Dataset) -> bool:
    """Whether a dataset or one of its flows has settings, so that nothing else may be worked on meanwhile."""
    return bool(dataset.spark_conf) or any(flow.spark_conf for flow in dataset.all_flows)


class SparkSettings:
    """The layers of datasets and flows over the session of one update.

    There is one session, so one thread at a time works in an update in which a dataset has settings of its own.
    """

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._in_force: Mapping[str, str] = {}
        self._before: dict[str, str | None] = {}

    @contextmanager
    def of(self, dataset: Dataset, flow: AnyFlow | None = None) -> Iterator[None]:
        """Work with the settings of a dataset, and of one of its flows; not with those of the dataset that reads it.

        Raises:
            UserError: for a key or a value that Spark refuses.
        """
        place = dataset.place if flow is None else flow.place
        outer = self._in_force
        try:
            self._restore()
            for key, value in merged(dataset.spark_conf, {} if flow is None else flow.spark_conf).items():
                try:
                    self._set(key, value)
                except (AnalysisException, IllegalArgumentException) as error:
                    reason = "Spark takes it at its start only" if _is_fixed(error) else str(error).splitlines()[0]
                    raise fail(f"{dataset.name}: spark_conf {key} cannot be {value!r}: {reason}", place) from None
            yield
        finally:
            self._restore()
            for key, value in outer.items():
                self._set(key, value)

    def _set(self, key: str, value: str) -> None:
        before = self._spark.conf.get(key, None)
        self._spark.conf.set(key, value)
        self._before[key] = before
        self._in_force = {**self._in_force, key: value}

    def _restore(self) -> None:
        for key in self._in_force:
            before = self._before.pop(key)
            self._spark.conf.unset(key) if before is None else self._spark.conf.set(key, before)
        self._in_force = {}


def _is_fixed(error: Exception) -> bool:
    return "CANNOT_MODIFY" in str(error)
