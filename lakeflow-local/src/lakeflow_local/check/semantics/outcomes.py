"""How a job's run can end: its tasks played through with every outcome that matters, by the runner's own `run_if`.

Only tasks of the job itself are looked at; a for-each task is one task. The number of plays is bounded, and beyond the
bound nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from lakeflow_local.check.target import CheckedTarget, Job
from lakeflow_local.jobs.model.outcomes import Result
from lakeflow_local.jobs.model.run_if import RunIf, decide

MOST_CONDITIONS = 6  # 2 ** 6 combinations of branches
MOST_VARIABLES = 9  # tasks whose outcome decides whether one other task can run
# What runs although a task before it has failed.
HIDING = (RunIf.ALL_DONE, RunIf.AT_LEAST_ONE_SUCCESS, RunIf.AT_LEAST_ONE_FAILED, RunIf.ALL_FAILED)


def graph_of(target: CheckedTarget, job: Job) -> JobGraph:
    """The graph of a job of a target, made once for all rules."""
    known = target.memory.setdefault("graphs of jobs", {})
    if job.key not in known:
        known[job.key] = JobGraph.of(job)
    graph: JobGraph = known[job.key]
    return graph


@dataclass(frozen=True)
class JobGraph:
    """The tasks of one job, by key.

    Attributes:
        tasks: The specifications. Of several with one key the last one counts, as for the CLI.
    """

    tasks: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, job: Job) -> JobGraph:
        """The graph of a job of a bundle."""
        return cls({key: task.value.node.plain() for key, task in job.tasks.items() if task.value.node.is_map})

    @cached_property
    def parents(self) -> dict[str, list[tuple[str, str | None]]]:
        """Task -> what it waits for: (task, outcome that a condition must have, or None)."""
        found: dict[str, list[tuple[str, str | None]]] = {}
        for key, task in self.tasks.items():
            found[key] = []
            for need in task.get("depends_on") or []:
                if isinstance(need, Mapping) and isinstance(need.get("task_key"), str):
                    outcome = need.get("outcome")
                    found[key].append((need["task_key"], None if outcome in (None, "") else str(outcome)))
        return found

    @cached_property
    def leaves(self) -> list[str]:
        """The tasks that nothing waits for, which decide the state of a run."""
        waited_for = {parent for needs in self.parents.values() for parent, _ in needs}
        return [key for key in self.tasks if key not in waited_for]

    @cached_property
    def conditions(self) -> list[str]:
        return [key for key, task in self.tasks.items() if "condition_task" in task]

    @cached_property
    def order(self) -> list[str] | None:
        """The tasks, parents first; None for a graph with a cycle, an unknown parent or an unknown `run_if`."""
        if any(parent not in self.tasks for needs in self.parents.values() for parent, _ in needs):
            return None
        if any(_run_if(task) is None for task in self.tasks.values()):
            return None
        done: dict[str, None] = {}
        waiting = list(self.tasks)
        while waiting:
            ready = [key for key in waiting if all(parent in done for parent, _ in self.parents[key])]
            if not ready:
                return None
            done.update(dict.fromkeys(ready))
            waiting = [key for key in waiting if key not in done]
        return list(done)

    def run_if(self, key: str) -> RunIf:
        """When the task runs; the default is ALL_SUCCESS."""
        return _run_if(self.tasks[key]) or RunIf.ALL_SUCCESS

    def ancestors(self, key: str) -> set[str]:
        """All tasks that a task waits for, directly or not."""
        found: set[str] = set()
        waiting = [key]
        while waiting:
            for parent, _ in self.parents.get(waiting.pop(), []):
                if parent in self.tasks and parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found

    def play(self, order: Sequence[str], fails: Collection[str], branches: Mapping[str, str]) -> dict[str, Result]:
        """How each task ends.

        Args:
            order: The tasks to play, parents first.
            fails: The tasks that fail, if they run.
            branches: Condition task -> the outcome that it has.
        """
        results: dict[str, Result] = {}
        for key in order:
            parents = []
            for parent, outcome in self.parents[key]:
                result = results[parent]
                if result is Result.SUCCESS and outcome is not None and branches.get(parent, outcome) != outcome:
                    result = Result.EXCLUDED
                parents.append(result)
            if self.tasks[key].get("disabled") is True:
                results[key] = Result.DISABLED
                continue
            run_if = self.run_if(key)
            is_smooth = not run_if.handles_failure and all(one is Result.SUCCESS for one in parents)
            decided = None if is_smooth else decide(run_if, parents)
            results[key] = decided or (Result.FAILED if key in fails else Result.SUCCESS)
        return results

    def branchings(
        self, among: Collection[str] | None = None, known: Mapping[str, str] | None = None
    ) -> Iterator[dict[str, str]]:
        """Each combination of what the conditions (of some tasks) may come to; none if there are too many.

        Args:
            among: The conditions that matter, by default all.
            known: Condition -> the outcome that it always has.
        """
        known = known or {}
        conditions = [key for key in self.conditions if (among is None or key in among) and key not in known]
        if len(conditions) > MOST_CONDITIONS:
            return
        for outcomes in product(("true", "false"), repeat=len(conditions)):
            yield {**known, **dict(zip(conditions, outcomes, strict=True))}

    def hidden_failures(self) -> dict[str, list[str]]:
        """Task -> the leaves that run in spite of its failure and leave the run green, where any do.

        A run is as its leaves are: it is green if none of them failed, whatever happened before them
        (documentation: how the state of a job run is determined).
        """
        order = self.order
        if order is None:
            return {}
        found: dict[str, list[str]] = {}
        if not any(self.run_if(leaf) in HIDING for leaf in self.leaves):
            return found
        inner = [key for key in order if key not in self.leaves and key not in self.conditions]
        for branches in self.branchings():
            for key in inner:
                if key in found:
                    continue
                results = self.play(order, (key,), branches)
                if results[key] is not Result.FAILED or any(results[leaf].is_failure for leaf in self.leaves):
                    continue
                ran = [leaf for leaf in self.leaves if results[leaf] is Result.SUCCESS and key in self.ancestors(leaf)]
                hiding = [leaf for leaf in ran if self.run_if(leaf) in HIDING]
                if hiding:
                    found[key] = hiding
        return found

    def never_runs(self, key: str, known: Mapping[str, str] | None = None) -> bool:
        """Whether a task is passed over however its ancestors end; False where there are too many ways to tell.

        Args:
            known: Condition -> the outcome that it always has.
        """
        ends = [results[key] for results in self.ways(key, known)]
        return bool(ends) and not any(end in (Result.SUCCESS, Result.DISABLED) for end in ends)

    def ways(self, key: str, known: Mapping[str, str] | None = None) -> Iterator[dict[str, Result]]:
        """How a task and its ancestors may end, in every combination of failures and branches; none if too many.

        Args:
            known: Condition -> the outcome that it always has.
        """
        order = self.order
        ancestors = self.ancestors(key)
        before = [one for one in order or [] if one in ancestors]
        if order is None or len(before) > MOST_VARIABLES:
            return
        for branches in self.branchings(ancestors, known):
            for fate in product((False, True), repeat=len(before)):
                fails = {one for one, is_failing in zip(before, fate, strict=True) if is_failing}
                yield self.play([*before, key], fails, branches)


def _run_if(task: Mapping[str, Any]) -> RunIf | None:
    try:
        return RunIf(task.get("run_if") or "ALL_SUCCESS")
    except ValueError:
        return None
