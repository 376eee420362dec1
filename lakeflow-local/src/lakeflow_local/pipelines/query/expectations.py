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

from lakeflow_local.pipelines.model.model import Dataset, Expectation, Severity, fail
from lakeflow_local.pipelines.model.update import Counts, Metrics

_MARK = "EXPECTATION_VIOLATION"
_BROKEN = "__broken_rules_"
_BITS = 62  # rules in one BIGINT
_RAISED = re.compile(_MARK + r"(\{.*\})" + _MARK, re.DOTALL)


class ExpectationViolation(Exception):
    """A row broke an expect_or_fail rule; the text has the platform's form."""


@dataclass(frozen=True)
class RuleCounter:
    """The observation in a plan that counts the rows that break one dataset's rules.

    Attributes:
        observation: its name, unique in the process.
        batch: where a batch query leaves the figures; a stream reports them with its progress.
    """

    observation: str
    dataset: str
    rules: tuple[Expectation, ...]
    batch: Observation | None = None

    def wait(self) -> Mapping[str, Any]:
        """The figures of the batch query that has just run; none if it did not need the rows.

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
        if self.batch._jo.getRow().schema() is None:  # the optimizer has left the observation out, as under WHERE false
            return {}
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


def attach(frame: DataFrame, dataset: Dataset, observation: str) -> tuple[DataFrame, RuleCounter | None]:
    """Count a dataset's rules over a frame, drop what a drop rule refuses, raise where a fail rule is broken.

    A rule that is NULL for a row is broken by it. The counts are over all rows that arrive, dropped ones included.

    Raises:
        UserError: for a predicate that is no boolean over the frame's columns.
    """
    rules = dataset.expectations
    if not rules:
        return frame, None
    _check(frame, dataset)
    # Each predicate is evaluated once, into a bit: counting and dropping then compare numbers.
    masks = [
        _mask(rules[start : start + _BITS], dataset).alias(f"{_BROKEN}{start // _BITS}")
        for start in range(0, len(rules), _BITS)
    ]
    marked = frame.select("*", *masks)
    figures = [F.count(F.lit(1)).alias("total")]
    figures += [F.count_if(_has(index)).alias(f"r{index}") for index in range(len(rules))]
    drop = [index for index, rule in enumerate(rules) if rule.severity is Severity.DROP]
    fail = [index for index, rule in enumerate(rules) if rule.severity is Severity.FAIL]
    if drop:
        figures.append(F.count_if(_has(*drop)).alias("dropped"))
    batch = None if frame.isStreaming else Observation(observation)
    counted = marked.observe(batch or observation, *figures)
    keep = ~_has(*drop) if drop else F.lit(True)
    if fail:
        broken = F.array_compact(F.array(*(F.when(_has(index), F.lit(rules[index].name)) for index in fail)))
        record = F.struct(*(F.col("`" + column.replace("`", "``") + "`") for column in frame.columns))
        message = F.concat(
            F.lit(_MARK),
            F.to_json(F.struct(broken.alias("rules"), F.to_json(record).alias("record"))),
            F.lit(_MARK),
        )
        keep = F.when(_has(*fail), F.raise_error(message).cast("boolean")).otherwise(keep)
    if drop or fail:
        counted = counted.where(keep)
    kept = counted.drop(*(f"{_BROKEN}{number}" for number in range(len(masks))))
    return kept, RuleCounter(observation, dataset.name, rules, batch)


def _mask(rules: Sequence[Expectation], dataset: Dataset) -> Column:
    """One bit for each rule that a row breaks."""
    mask = F.lit(0).cast("bigint")
    for bit, rule in enumerate(rules):
        mask = mask.bitwiseOR(
            F.when(_passes(rule, dataset), F.lit(0).cast("bigint")).otherwise(F.lit(1 << bit).cast("bigint"))
        )
    return mask


def _has(*indexes: int) -> Column:
    """Whether a row breaks any of these rules."""
    found: Column | None = None
    for number in sorted({index // _BITS for index in indexes}):
        bits = sum(1 << (index % _BITS) for index in indexes if index // _BITS == number)
        one = F.col(f"{_BROKEN}{number}").bitwiseAND(F.lit(bits).cast("bigint")) != 0
        found = one if found is None else found | one
    assert found is not None
    return found


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
                raise fail(message, dataset.place) from None
        raise


def messages(error: BaseException | None) -> Iterator[str]:
    """The texts of an error and of its causes: Spark wraps what a task raises several times."""
    while error is not None:
        yield str(error)
        java = getattr(error, "_origin", None) or getattr(error, "java_exception", None)
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
