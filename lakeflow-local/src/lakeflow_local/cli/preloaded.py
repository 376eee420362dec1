"""What a command imports that is no code of a bundle: imported once, in the fork server, before one is forked."""

from importlib import import_module

import pandas  # noqa: F401
import pyspark.sql.session
import pyspark.testing  # noqa: F401 - pyspark itself imports it with pandas
import rich.live
import rich.table  # noqa: F401

from lakeflow_local.bundle.shapes.resource_shapes import resources
from lakeflow_local.daemon import attached_spark, attachment, command  # noqa: F401
from lakeflow_local.jobs.tasks import registry  # noqa: F401
from lakeflow_local.pipelines import pipeline  # noqa: F401
from lakeflow_local.workspace import workspace  # noqa: F401

USUAL_COMMANDS = ("run", "repair", "graph", "show")

FIELDS = resources().fields  # which are read from a file when first used
for name in USUAL_COMMANDS:  # by name, as this is below them
    import_module(f"lakeflow_local.cli.commands.{name}")
