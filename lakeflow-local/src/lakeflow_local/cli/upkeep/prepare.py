"""`lakeflow-local prepare`: what Spark needs once an environment."""

from __future__ import annotations

import click

from lakeflow_local.cli.output import size_text
from lakeflow_local.spark import archiving
from lakeflow_local.spark.jvm import jars
from lakeflow_local.spark.session import prepare_process


@click.command()
def prepare() -> None:
    """Fetch Delta's jars, checked by hash, and make an archive of the Java classes that Spark loads.

    A session does the first by itself. With the archive Spark starts in half the CPU time; it takes 240 MB of disk.
    """
    jars.ensure()
    prepare_process()
    click.echo(f"Delta's jars are in {jars.folder()}")
    archive = archiving.ensure()
    if archive is None:
        click.echo("this Java makes no archive of classes: Spark starts as ever")
    else:
        click.echo(f"Java's archive of classes is there too, {size_text(archive.stat().st_size)}")
