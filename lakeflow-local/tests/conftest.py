"""Small pipelines, written inline by a test module and run in the one Spark session of the run."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakeflow_local.pipelines import Pipeline, Update
from lakeflow_local.pipelines.store.tables import Tables

_serial = itertools.count(1)


class Project:
    """A bundle's folder with one pipeline in it; its schema and its name are its own."""

    def __init__(self, root: Path, spark: SparkSession, files: Mapping[str, str], **spec: Any) -> None:
        self.root, self.spark = root, spark
        self.schema = f"project_{next(_serial)}"
        self.spec = {
            "name": self.schema,
            "catalog": "spark_catalog",
            "schema": self.schema,
            "root_path": "transformations",
            "libraries": [{"glob": {"include": "transformations/**"}}],
            **spec,
        }
        self.spec["configuration"] = {"landing": str(root / "landing"), **spec.get("configuration", {})}
        for name, text in files.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> Path:
        """Write a source file under transformations/."""
        path = self.root / "transformations" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
        return path

    def land(self, name: str, *rows: Any) -> None:
        """Put a file under landing/: text as it is, anything else as JSON lines."""
        path = self.root / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))

    def pipeline(self) -> Pipeline:
        """The pipeline as a new process would see it."""
        return Pipeline(self.spec, root=self.root, spark=self.spark)

    def update(self, *names: str, **options: Any) -> Update:
        """Run an update of these datasets, or of all."""
        return self.pipeline().update(refresh=names, **options)

    def rows(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        """A table's rows in order."""
        frame = self.spark.read.table(f"{self.schema}.{name}")
        found = frame.select(*columns).collect() if columns else frame.collect()
        return sorted((tuple(row) for row in found), key=repr)

    def root_of(self, name: str) -> Path:
        """A table's folder."""
        return Tables(self.spark).warehouse / self.schema / name

    def change_feed(self, name: str, after: int, until: int, *columns: str) -> dict[str, list[tuple[Any, ...]]]:
        """What a table's change feed tells of the versions after one up to another, by the type of change."""
        found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        if after < until:
            reader = self.spark.read.option("readChangeFeed", "true").option("startingVersion", after + 1)
            frame = reader.option("endingVersion", until).table(f"{self.schema}.{name}")
            for row in frame.select("_change_type", *columns).collect():
                found[row[0]].append(tuple(row[1:]))
        return found


@pytest.fixture(scope="session")
def make_project(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Project]:
    """`make_project({"trips.py": "…"})`: a folder of its own, a schema of its own."""

    def make(files: Mapping[str, str], **spec: Any) -> Project:
        return Project(tmp_path_factory.mktemp("project"), spark, files, **spec)

    return make
