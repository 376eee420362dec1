"""The pipelines of a target as their rules see them, read once a target."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps

from lakeflow_local.check.datasets.model import Dataset, Place, Read
from lakeflow_local.check.datasets.reading import PipelineCode, pipelines_of
from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.finding import Place as FoundPlace
from lakeflow_local.check.target import CheckedTarget

_KEY = "pipelines"


def pipelines_in(target: CheckedTarget) -> list[PipelineCode]:
    """The pipelines of a target that have source files."""
    if _KEY not in target.memory:
        target.memory[_KEY] = found = pipelines_of(target.bundle, target.sources)
        for code in found:
            for file in code.files:
                target.sources.read(file.path)  # so that what it says in comments is known
    pipelines: list[PipelineCode] = target.memory[_KEY]
    return pipelines


def at(pipeline: PipelineCode, place: Place, message: str, *, severity: str | None = None) -> Found:
    """A finding at a line of a source file."""
    return found(FoundPlace(f"resources.pipelines.{pipeline.key}", place.file, place.line), message, severity=severity)


def unique(check: Callable[[CheckedTarget], Iterator[Found]]) -> Callable[[CheckedTarget], Iterator[Found]]:
    """Let a rule say a thing once of a file that is the source of several pipelines."""

    @wraps(check)
    def checked(target: CheckedTarget) -> Iterator[Found]:
        said = set()
        for one in check(target):
            what = one.place.file, one.place.line, one.message
            if what not in said:
                said.add(what)
                yield one

    return checked


def reads_of(pipeline: PipelineCode) -> Iterator[tuple[str, Read]]:
    """Each read by a name that is known, with what reads."""
    for file in pipeline.files:
        for where, query in file.queries():
            for read in query.reads:
                yield where, read


def certain(datasets: list[Dataset]) -> list[Dataset]:
    """Those that are declared whatever happens."""
    return [dataset for dataset in datasets if not dataset.is_conditional]
