"""Expectations on a DataFrame: counted in the one pass that writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model import Dataset, Expectation, Severity

_MARK = "EXPECTATION_VIOLATION"
_RAISED = re.compile(_MARK + r"(\{.*\})" + _MARK, re.DOTALL)


@dataclass(frozen=True)
class Counts:
    """One rule's counts over the rows of one update."""

    name: str
    dataset: str
    passed_records: int
    failed_records: int


@dataclass(frozen=True)
class Metrics:
    """What one dataset's expectations counted in one flow."""

    counts: tuple[Counts, ...]
    dropped_records: int


class ExpectationViolation(Exception):
    """A row broke an expect_or_fail rule; the text has the platform's form."""


@dataclass(frozen=True)
class Watch:
    """An observation in a plan: under which name the figures of which dataset's rules come back.

    Attributes:
        batch: where a batch query leaves them; a stream reports them with its progress.
    """

    observation: str
    dataset: str
    rules: tuple[Expectation, ...]
    batch: Observation | None = None

    def wait(self) -> Mapping[str, Any]:
        """The figures of the batch query that has just run.

        Raises:
            RuntimeError: when Spark does not deliver them.
        """
        assert self.batch is not None
        # Spark delivers them from another thread, shortly after the query.
        scala = self.batch._jvm.scala.concurrent
        try:
            scala.Await.ready(self.batch._jo.future(), scala.duration.Duration.create(60, "s"))
        except Exception as error:
            raise RuntimeError(f"Spark has not delivered the expectation counts of {self.dataset}") from error
        return self.batch.get

    def read(self, figures: Mapping[str, Any]) -> Metrics | None:
        """The metrics from the observed figures; None if no row passed."""
        total = int(figures.get("total") or 0)
        if not total:
            return None
        failed = [int(figures.get(f"r{index}") or 0) for index in range(len(self.rules))]
        counts = tuple(
            Counts(rule.name, self.dataset, total - broken, broken)
            for rule, broken in zip(self.rules, failed, strict=True)
        )
        return Metrics(counts, int(figures.get("dropped") or 0))


def _passes(rule: Expectation, dataset: Dataset) -> Column:
    return F.coalesce(F.expr(f"({rule.predicate}\n)"), F.lit(False))


def attach(frame: DataFrame, dataset: Dataset, observation: str) -> tuple[DataFrame, Watch | None]:
    """Count a dataset's rules over a frame, drop what a drop rule refuses, raise where a fail rule is broken.

    A rule that is NULL for a row is broken by it. The counts are over all rows that arrive, dropped ones included.

    Raises:
        UserError: for a predicate that is no boolean over the frame's columns.
    """
    rules = dataset.expectations
    if not rules:
        return frame, None
    _check(frame, dataset)
    conditions = [_passes(rule, dataset) for rule in rules]
    drop = [condition for rule, condition in zip(rules, conditions, strict=True) if rule.severity is Severity.DROP]
    fail = [(rule, c) for rule, c in zip(rules, conditions, strict=True) if rule.severity is Severity.FAIL]
    figures = [F.count(F.lit(1)).alias("total")]
    figures += [F.count_if(~condition).alias(f"r{index}") for index, condition in enumerate(conditions)]
    if drop:
        figures.append(F.count_if(~_all(drop)).alias("dropped"))
    batch = None if frame.isStreaming else Observation(observation)
    watched = frame.observe(batch or observation, *figures)
    keep = _all(drop) if drop else F.lit(True)
    if fail:
        broken = F.array_compact(F.array(*(F.when(~condition, F.lit(rule.name)) for rule, condition in fail)))
        record = F.struct(*(F.col(f"`{column}`") for column in frame.columns))
        message = F.concat(
            F.lit(_MARK),
            F.to_json(F.struct(broken.alias("rules"), F.to_json(record).alias("record"))),
            F.lit(_MARK),
        )
        keep = F.when(~_all([condition for _, condition in fail]), F.raise_error(message).cast("boolean")).otherwise(
            keep
        )
    if drop or fail:
        watched = watched.where(keep)
    return watched, Watch(observation, dataset.name, rules, batch)


def _all(conditions: Sequence[Column]) -> Column:
    first, *rest = conditions
    for condition in rest:
        first = first & condition
    return first


def _check(frame: DataFrame, dataset: Dataset) -> None:
    """Name the rule that cannot be evaluated: Spark's own message would not."""
    try:
        frame.select(*(_passes(rule, dataset) for rule in dataset.expectations))
    except PySparkException:
        for rule in dataset.expectations:
            try:
                frame.select(_passes(rule, dataset))
            except PySparkException as error:
                reason = str(error).splitlines()[0]
                message = f"expectation '{rule.name}' of {dataset.name} cannot be evaluated: {reason}"
                raise UserError(message, file=dataset.place.file, line=dataset.place.line) from None
        raise


def messages(error: BaseException | None) -> Iterator[str]:
    """The texts of an error and of its causes: Spark wraps what a task raises several times."""
    while error is not None:
        yield str(error)
        java = getattr(error, "_origin", None)
        while java is not None:
            yield str(java.getMessage())
            java = java.getCause()
        error = getattr(error, "_cause", None) or error.__cause__


def violation(error: BaseException, flow: str) -> ExpectationViolation | None:
    """The violation behind an error of Spark, None if it was something else."""
    found = next((match for match in map(_RAISED.search, messages(error)) if match), None)
    if found is None:
        return None
    try:
        body = json.loads(found[1])
    except json.JSONDecodeError:  # a message that Spark cut short: the rule names come first in it
        body = {"rules": re.findall(r'"rules":\["([^]]*?)"\]', found[1]), "record": ""}
    names = ", ".join(f"'{name}'" for name in body["rules"])
    return ExpectationViolation(
        f"[EXPECTATION_VIOLATION.VERBOSITY_ALL] Flow '{flow}' failed to meet the expectation. "
        f"Violated expectations: {names}. Input data: '{body['record']}'. Output record: '{body['record']}'. "
        "Missing input data: false"
    )
