"""A read of a table that nothing makes, as far as that can be told: outside of a bundle there may be any table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from lakeflow_local.check.datasets.model import Read
from lakeflow_local.check.datasets.reading import PipelineCode
from lakeflow_local.check.finding import Found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.rules.pipelines.code import at, pipelines_in, reads_of, unique
from lakeflow_local.check.rules.pipelines.examples import pipeline
from lakeflow_local.check.target import CheckedTarget

_LIKE = 0.85  # how much two names have in common, of 1, for one to be the other mistyped
_MAKES = re.compile(
    r"\b(CREATE|INSERT\s+INTO|MERGE\s+INTO|COPY\s+INTO|saveAsTable|toTable|insertInto|writeTo|forName|save_as_table"
    r"|write\w*|target\w*|destination\w*|output\w*|sink\w*|table_name|full_name|event_log)\b",
    re.IGNORECASE,
)
_NEAR = 200  # characters between a name and a word that tells that the table is made
_ENDINGS = (".py", ".sql", ".ipynb", ".scala", ".r", ".yml", ".yaml", ".json")
_ASIDE = {".git", ".lakeflow", ".venv", "venv", "node_modules", "tests", "test", "docs", ".databricks", "dist", "build"}
_MOST_FILES = 3_000


@rule(
    id="read-of-missing-table",
    family="pipelines",
    severity="warning",
    basis="documented",
    reason="A name without catalog and schema is one of the pipeline's own schema. Nothing in this bundle makes a "
    "table of "
    "that name there, so the update fails with TABLE_OR_VIEW_NOT_FOUND, unless somebody else makes it.",
    fact="https://docs.databricks.com/aws/en/ldp/target-schema",
    fix="Correct the name; write a table from outside with its catalog and schema.",
    bad=pipeline(
        orders_raw_sql="CREATE STREAMING TABLE orders_raw AS SELECT * FROM STREAM(samples.tpch.orders);\n",
        orders_sql="CREATE STREAMING TABLE orders AS SELECT * FROM STREAM(order_raw);  -- <--\n",
    ),
    good=pipeline(
        orders_raw_sql="CREATE STREAMING TABLE orders_raw AS SELECT * FROM STREAM(samples.tpch.orders);\n",
        orders_sql="CREATE STREAMING TABLE orders AS SELECT * FROM STREAM(orders_raw);\n",
    ),
)
@unique
def read_of_missing_table(target: CheckedTarget) -> Iterator[Found]:
    """Reads of the pipeline's own schema that no dataset answers.

    Said where all datasets are known, no other file of the bundle seems to make the table, and either the name is
    nearly that of a dataset, or the schema is one that this bundle itself makes.
    """
    pipelines = pipelines_in(target)
    made_elsewhere = {key for code in pipelines for key in code.by_key}
    for code in pipelines:
        if not code.is_complete:
            continue
        for where, read in reads_of(code):
            key = code.identify(read.name, read.use)
            if (
                read.inside
                or key is None
                or key in made_elsewhere
                or key[:2] != (code.catalog or "", code.schema or "")
            ):
                continue
            like = _nearly(key[2], code)
            if (like or _owns_schema(target, code)) and not _is_made(key[2], read, code, target):
                more = f"; did you mean {like}?" if like else ""
                yield at(code, read.place, f"{where} reads {read.name}, which nothing in this bundle makes{more}")


def _nearly(table: str, code: PipelineCode) -> str | None:
    """The dataset that a name is a misspelling of; names that differ in their digits are others on purpose."""
    names = {key[2] for key in code.by_key}
    for like in get_close_matches(table, sorted(names), n=1, cutoff=_LIKE):
        if re.sub(r"\d+", "", like) != re.sub(r"\d+", "", table):
            return like
    return None


def _owns_schema(target: CheckedTarget, code: PipelineCode) -> bool:
    """Whether the pipeline's schema is a resource of this bundle: then nobody else makes tables in it by habit."""
    written = target.bundle.resources["pipelines"][code.key]
    return "${resources.schemas." in str(written.get("schema") or written.get("target") or "")


def _is_made(table: str, read: Read, code: PipelineCode, target: CheckedTarget) -> bool:
    """Whether a file of the bundle seems to make a table of this name outside of the pipeline."""
    word = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(table)}(?![A-Za-z0-9_])", re.IGNORECASE)
    own = {file.path for file in code.files}
    for path in _files(target.root):
        source = target.sources.read(path) if path.resolve() not in own else None
        if source is None:
            continue
        for found in word.finditer(source.text):
            if _MAKES.search(source.text, max(0, found.start() - _NEAR), found.end() + _NEAR):
                return True
    return False


def _files(root: Path) -> Iterator[Path]:
    count = 0
    waiting = [root]
    while waiting and count < _MOST_FILES:
        try:
            paths = sorted(waiting.pop().iterdir())
        except OSError:
            continue  # what may not be looked into makes no table that we know of
        for path in paths:
            if path.is_dir() and not path.is_symlink() and path.name not in _ASIDE:
                waiting.append(path)
            elif path.suffix in _ENDINGS:
                count += 1
                yield path
