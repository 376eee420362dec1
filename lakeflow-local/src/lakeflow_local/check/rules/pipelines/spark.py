"""What only Spark can tell of a pipeline: its source files are run and its queries resolved; nothing is written.

Runs with `--with-spark` only, in the warm process of the bundle where commands use it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lakeflow_local.check.datasets.model import Place
from lakeflow_local.check.datasets.reading import PipelineCode
from lakeflow_local.check.finding import Found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.rules.pipelines.code import at, pipelines_in, unique
from lakeflow_local.check.rules.pipelines.examples import pipeline
from lakeflow_local.check.target import CheckedTarget
from lakeflow_local.errors import UserError

_PLACED = re.compile(r"(?P<file>[^:\n]+\.(?:py|sql|ipynb)):(?P<line>\d+): (?P<message>.*)", re.DOTALL)
# What is wrong whatever the tables hold and wherever it runs.
_CERTAIN = re.compile(
    r"\[(UNRESOLVED_COLUMN|DATATYPE_MISMATCH|AMBIGUOUS_REFERENCE|MISSING_GROUP_BY|MISSING_AGGREGATION|"
    r"UNRESOLVED_FIELD|FIELD_NOT_FOUND|NUM_COLUMNS_MISMATCH|INCOMPATIBLE_COLUMN_TYPE|WRONG_NUM_ARGS|"
    r"GROUP_BY_AGGREGATE|INVALID_WHERE_CONDITION)\b|cannot be evaluated|in a circle|is declared twice"
)
# Of another machine: a table from outside, a package, a function or syntax that only the platform has.
_OF_THIS_MACHINE = re.compile(
    r"--seed|lakeflow-local|TABLE_OR_VIEW_NOT_FOUND|SCHEMA_NOT_FOUND|UNRESOLVED_ROUTINE|ModuleNotFoundError|PATH_NOT_FOUND"
)
_INFERRED = ("cloudfiles", "json", "csv", "parquet", "avro", "orc", "load", "xml", "text")
_KEY = "pipelines as Spark sees them"
_FACT = "measured with Spark 4.2: queries and conditions are resolved as an update does, without writing"


class _Answers:
    """What Spark says of the pipelines of a target: one workspace for all of them."""

    def __init__(self, target: CheckedTarget) -> None:
        from lakeflow_local.daemon import attachment
        from lakeflow_local.workspace.workspace import LocalWorkspace

        self.failures: list[tuple[PipelineCode, str]] = []
        self.refusals: list[tuple[PipelineCode, str]] = []
        workspace = LocalWorkspace(
            target.root, target.name, target.variables, shared=attachment.made_by is not None, skip_unsupported=True
        )
        with workspace:
            for code in pipelines_in(target):
                try:
                    update = workspace.validate_pipeline(code.key)
                except UserError as problem:
                    self.refusals.append((code, str(problem)))
                    continue
                self.failures += [(code, result.error or "") for result in update.failed]
                if update.error and not update.failed:
                    self.failures.append((code, update.error))


def _of(target: CheckedTarget) -> _Answers | str:
    """The answers, or why there are none."""
    if _KEY not in target.memory:
        try:
            target.memory[_KEY] = _Answers(target)
        except UserError as problem:
            target.memory[_KEY] = str(problem)
    answers: _Answers | str = target.memory[_KEY]
    return answers


_ORDERS = """\
CREATE MATERIALIZED VIEW orders (
  CONSTRAINT priced EXPECT (price > 0)
) AS SELECT * FROM VALUES (1, 2.5) AS t(id, {column});
"""


@rule(
    id="query-does-not-resolve",
    family="pipelines",
    severity="error",
    basis="measured",
    reason="Spark does not resolve a query or a condition: the update fails before any row is read.",
    fact=_FACT,
    fix="Correct the column, type or query that the message names.",
    bad=pipeline(orders_sql=_ORDERS.format(column="cost")),
    good=pipeline(orders_sql=_ORDERS.format(column="price")),
    needs_spark=True,
)
@unique
def query_does_not_resolve(target: CheckedTarget) -> Iterator[Found]:
    """Datasets that Spark refuses for what they say themselves.

    A warning where columns come from files: those of this machine may not be those of the platform.
    """
    answers = _of(target)
    if isinstance(answers, str):
        return
    for code, text in [*answers.failures, *answers.refusals]:
        if _is_certain(text):
            place, message = _placed(text, code)
            yield at(code, place, message, severity="warning" if _is_inferred(code) else None)


@rule(
    id="pipeline-not-resolved",
    family="pipelines",
    severity="warning",
    basis="policy",
    reason="With --with-spark the queries of a pipeline are resolved on this machine; of this one they are not, so the "
    "rule query-does-not-resolve says nothing about it.",
    fact="what this machine lacks, or lakeflow-local does not support; the platform may well run it",
    fix="Install what is missing, or ignore this rule for the pipeline.",
    bad=pipeline(orders_py="import a_module_that_nobody_has\n"),
    good=pipeline(orders_sql=_ORDERS.format(column="price")),
    needs_spark=True,
)
@unique
def pipeline_not_resolved(target: CheckedTarget) -> Iterator[Found]:
    """Pipelines whose files cannot be run here, or whose sources are not there: once each, with the first reason."""
    answers = _of(target)
    for code in pipelines_in(target):
        if isinstance(answers, str):
            yield at(code, code.files[0].place, f"pipeline {code.key} was not resolved: {answers}")
            continue
        texts = [text for one, text in [*answers.failures, *answers.refusals] if one is code]
        unclear = [text for text in texts if not _is_certain(text)]
        if unclear:
            place, message = _placed(unclear[0], code)
            count = f" ({len(unclear)} datasets and all that read them)" if len(unclear) > 1 else ""
            yield at(code, place, f"pipeline {code.key} was not resolved whole{count}: {message}")


def _is_certain(text: str) -> bool:
    return bool(_CERTAIN.search(text)) and not _OF_THIS_MACHINE.search(text)


def _is_inferred(code: PipelineCode) -> bool:
    queries = (query for file in code.files for _, query in file.queries())
    return not code.is_complete or any(
        one.format.lower() in _INFERRED and "schema" not in (one.options or {})
        for query in queries
        for one in query.sources
    )


def _placed(text: str, code: PipelineCode) -> tuple[Place, str]:
    """The place that a message of the engine begins with, among the files of the pipeline."""
    found = _PLACED.search(text)
    if found is not None:
        name = Path(found["file"].strip()).name
        for file in code.files:
            if file.path.name == name:
                return Place(file.path, int(found["line"])), found["message"].strip()
    return code.files[0].place, text
