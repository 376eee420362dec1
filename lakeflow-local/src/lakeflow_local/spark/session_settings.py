"""Our own Spark settings, with which a session starts: the lowest layer of `pipelines/spark_settings.py`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from lakeflow_local.platform_paths.path_map import SETTING, PathMap
from lakeflow_local.spark import catalogs, events, querycost
from lakeflow_local.spark.jvm import classarchive, jars, javaclasses

# Only the first of the JVM's two compilers: a run is many small queries, which end before the second has paid for
# itself. Its default of 48 MiB for compiled code is full within a minute; such a JVM becomes slow and then dies.
# Classes and objects have room from the start: growing into it took a dozen full collections of up to half a second.
JAVA_OPTIONS = (
    "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseParallelGC -XX:MetaspaceSize=256m -Xms1g -Xss8m "
    "-Duser.timezone=UTC"
)
_EXTENSIONS = "spark.sql.extensions"


def session_settings(root: Path, warehouse: Path, catalog_names: Iterable[str], token: str | None) -> dict[str, str]:
    """The settings of the session of a bundle, its own folder among them.

    Args:
        catalog_names: catalogs that code will name.
        token: for clients of Spark Connect; None not to serve it.
    """
    cores = min(os.cpu_count() or 2, 8)
    log = Path(__file__).with_name("log4j2.properties")
    options = os.environ.get("LAKEFLOW_LOCAL_JAVA_OPTIONS", JAVA_OPTIONS)
    java_options = f"{options} {classarchive.java_options()} -Dlog4j2.configurationFile={log.as_uri()}"
    settings = {
        "spark.master": f"local[{cores}]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "3g",
        "spark.driver.extraClassPath": os.pathsep.join(map(str, [*jars.ensure(), javaclasses.ensure()])),
        "spark.driver.extraJavaOptions": java_options,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(root / ".lakeflow" / "spark"),
        # In this order: the files of a small table are known before Delta looks for them.
        _EXTENSIONS: f"{javaclasses.SMALL_TABLES},io.delta.sql.DeltaSparkSessionExtension,{javaclasses.PLATFORM_SQL}",
        "spark.lakeflow.eventLog.schema": events.SCHEMA,
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": str(warehouse),
        "spark.python.daemon.module": "lakeflow_local.spark.pyworkers",
        "spark.sql.session.timeZone": "UTC",
        # A table without a named format is a Delta table on Databricks.
        "spark.sql.sources.default": "delta",
        # Databricks takes properties of its own, which open source Delta does not know.
        "spark.databricks.delta.allowArbitraryProperties.enabled": "true",
        # Cost only, no semantics: small data has few partitions, a short log needs no checkpoint every ten commits.
        "spark.sql.shuffle.partitions": str(min(cores, 4)),
        "spark.default.parallelism": str(min(cores, 4)),
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": str(min(cores, 4)),
        "spark.databricks.delta.snapshotPartitions": "1",
        # A checksum names the files of a table of up to so many; fifty by default, which as many small updates make.
        "spark.databricks.delta.allFilesInCrc.thresholdNumFiles": "500",
        # Not used here: histograms of each version, and each query's plan for the Spark UI, which is off.
        "spark.databricks.delta.fileSizeHistogramMetrics.enabled": "false",
        "spark.databricks.delta.checksumDVMetrics.enabled": "false",
        "spark.databricks.delta.checksumDeletedRecordCountsHistogramMetrics.enabled": "false",
        "spark.sql.ui.explainMode": "simple",
        # It makes three more calls for each method of a Column: a fifth of the CPU time of a transform's test.
        "spark.python.sql.dataFrameDebugging.enabled": "false",
        "spark.databricks.delta.properties.defaults.checkpointInterval": "50",
        "spark.sql.streaming.metricsEnabled": "false",
        "spark.sql.streaming.ui.enabled": "false",
        "spark.sql.ui.retainedExecutions": "1",
    }
    settings |= querycost.settings_for(warehouse)
    settings[querycost.SKIPPING] = "true"  # a task may make a table with deletion vectors at any time
    settings |= catalogs.settings(catalog_names, warehouse)
    settings |= _file_systems(root)
    if token is not None:
        settings |= {
            "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": "0",
            "spark.connect.authenticate.token": token,
        }
    return settings


def with_those_of_the_author(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Our settings with those of somebody else whose code runs in the session, such as a project's tests.

    Ours win, without them there is no Delta; but for the cores and the memory, and extensions add up. Delta is there
    already, in the version that fits.
    """
    packages = [name.strip() for name in theirs.get("spark.jars.packages", "").split(",")]
    others = ",".join(name for name in packages if name and not name.startswith("io.delta:"))
    extensions = dict.fromkeys(f"{ours[_EXTENSIONS]},{theirs.get(_EXTENSIONS, '')}".strip(",").split(","))
    added = {key: value for key, value in theirs.items() if key not in ours and key != "spark.jars.packages"}
    own = {key: theirs[key] for key in ("spark.master", "spark.driver.memory") if key in theirs}
    packages_of_theirs = {"spark.jars.packages": others} if others else {}
    return {**added, **packages_of_theirs, **ours, **own, _EXTENSIONS: ",".join(extensions)}


def _file_systems(root: Path) -> dict[str, str]:
    """Paths of the platform are folders of the bundle, for everything that goes through Hadoop's file systems."""
    settings = {f"spark.hadoop.{SETTING}": PathMap(root).text}
    for scheme in ("file", "dbfs"):
        settings[f"spark.hadoop.fs.{scheme}.impl"] = javaclasses.FILE_SYSTEM
        settings[f"spark.hadoop.fs.AbstractFileSystem.{scheme}.impl"] = f"{javaclasses.FILE_SYSTEM}$Abstract"
        # A session may have a map of its own: `workspace.file_path` differs from target to target.
        settings[f"spark.hadoop.fs.{scheme}.impl.disable.cache"] = "true"
    return settings
