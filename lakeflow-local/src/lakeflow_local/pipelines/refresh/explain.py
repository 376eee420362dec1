"""Errors of Spark as messages of a line or two, with the place in the author's files."""

from __future__ import annotations

import re
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from lakeflow_local.errors import UserError, shortage, without_py4j
from lakeflow_local.pipelines.declare.source import line_in
from lakeflow_local.pipelines.model.model import Dataset
from lakeflow_local.pipelines.model.names import split
from lakeflow_local.pipelines.query.expectations import ExpectationViolation, messages
from lakeflow_local.spark import catalogs

_NAMED = re.compile(r"\[[A-Z][A-Z0-9_.]+\]")  # how an error of Spark or Delta begins
_MISSING = re.compile(r"The table or view (\S+) cannot be found\.[\s\S]*")


def explain_failure(error: Exception, dataset: Dataset) -> str:
    """Why a dataset failed, with the line of its own files at which it did, else that of its declaration."""
    if isinstance(error, ExpectationViolation) or (isinstance(error, UserError) and error.file is not None):
        return str(error)
    files = dataset.files
    line = line_in(error, files)
    if line is None:
        return f"{Path(dataset.place.file).name}:{dataset.place.line}: {explain(error)}"
    file = next(name for name in files if line_in(error, {name}) == line)
    return f"{Path(file).name}:{line}: {explain(error)}"


def explain(error: BaseException) -> str:
    """The useful part of an error: without Spark's plan, JVM trace and query id."""
    if short := shortage(error):
        return short
    text = str(error)
    if isinstance(error, (PySparkException, Py4JJavaError)):
        # Spark wraps what a task raises in errors of the query, of the job and of the write: the innermost says why.
        text = [text, *(cause for cause in messages(error) if _NAMED.match(cause))][-1]
        text = text.split("\n\nJVM stacktrace:")[0]
        for end in (";\n'", "\n'", "\n=== Streaming Query ===", "\n== DataFrame ==", "\n== SQL"):
            text = text.split(end)[0]
    missing = _MISSING.search(text)
    if missing:
        name = ".".join(catalogs.declared(split(missing[1])))
        seed = f"`--seed {name}=FILE` of `lakeflow-local run`"
        return f"{text[: missing.start()]}there is no {name}; {seed} can stand in for it"
    before, traced, trace = text.rpartition("Traceback (most recent call last):\n")
    if traced:  # of a Python worker: what it raised says why, and the frames are in its log
        raised = next((line for line in trace.splitlines() if line.strip() and not line.startswith(" ")), "")
        text = f"{before.partition('Traceback (most')[0].strip()} {raised}"
    lines = [line for line in text.strip().splitlines() if line.strip() and not line.startswith(("\tat ", "\t... "))]
    lines = without_py4j(lines)
    return " ".join(lines[:4]) if lines else type(error).__name__
