"""The comparisons of a bundle's if/else tasks, with what can be said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from lakeflow_local.bundle.tree.nodes import NodePath
from lakeflow_local.check.programs.program import BundleCode
from lakeflow_local.check.programs.task_values import texts_set
from lakeflow_local.check.semantics.operands import Operand, constant, read_operand
from lakeflow_local.check.target import CheckedTarget, Job, Task
from lakeflow_local.check.value import Value
from lakeflow_local.jobs.model.conditions import OPERATORS, ConditionError


@dataclass(frozen=True)
class Comparison:
    """What one if/else task compares.

    Attributes:
        operands: What is known of each side, by its path.
        outcome: What it always comes to; None where that is open.
        failure: Why it can only fail, or "".
    """

    task: Task
    operator: str
    left: Value
    right: Value
    operands: Mapping[NodePath, Operand]
    outcome: bool | None
    failure: str

    @property
    def is_literal(self) -> bool:
        """Whether both sides are fixed texts."""
        return all(operand.is_fixed for operand in self.operands.values())

    def is_switch(self, target: CheckedTarget) -> bool:
        """Whether a `${var.…}` stands in it: targets then choose the branch, which is on purpose."""
        return any("${" in (target.written.text_of(side.node) or "") for side in (self.left, self.right))


def comparisons_of(target: CheckedTarget, jobs: Iterator[Job] | None = None) -> Iterator[Comparison]:
    """Every comparison whose two operands are texts and whose operator is known."""
    for job in jobs or target.jobs.values():
        for task in job.all_tasks:
            left, right = task.value.get("condition_task", "left"), task.value.get("condition_task", "right")
            operator = task.value.text("condition_task", "op")
            if left is None or right is None or operator not in OPERATORS:
                continue
            if isinstance(left.node.value, str) and isinstance(right.node.value, str):
                yield _compared(target, task, operator, left, right)


def _compared(target: CheckedTarget, task: Task, operator: str, left: Value, right: Value) -> Comparison:
    values = partial(_task_values, target, task.job)
    one, other = read_operand(left.node.value, values), read_operand(right.node.value, values)
    operands = {left.path: one, right.path: other}
    try:
        return Comparison(task, operator, left, right, operands, constant(operator, one, other), "")
    except ConditionError as problem:
        return Comparison(task, operator, left, right, operands, None, str(problem))


def _task_values(target: CheckedTarget, job: Job, task_key: str, key: str) -> list[str] | None:
    task = job.tasks.get(task_key)
    code = BundleCode.of(target)
    entries = code.entries(target, task) if task is not None else []
    return texts_set(code, entries[0], key) if len(entries) == 1 else None
