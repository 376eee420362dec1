"""Dynamic value references: `{{job.parameters.day}}`, `{{tasks.count.values.rows}}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from lakeflow_local.check.example_files import job_bundle
from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.target import CheckedTarget, Task
from lakeflow_local.check.texts import joined, outer, references_of, texts_of
from lakeflow_local.jobs.model.reference_check import problems
from lakeflow_local.jobs.model.references import NAMESPACES, find

_PAGE = "https://docs.databricks.com/aws/en/jobs/dynamic-value-references"
_TASKS = """
- task_key: count
  notebook_task:
    notebook_path: /Shared/count
- task_key: report{depends}
  notebook_task:
    notebook_path: /Shared/report
    base_parameters:
      value: "{value}"{mark}
"""
_PARAMETERS = "parameters:\n  - name: day\n    default: '2026-01-01'\n"
_MARK = "  # <--"
_DEPENDS = "\n  depends_on:\n    - task_key: count"


def _example(value: str, *, bad: bool, depends: bool = True) -> dict[str, str]:
    tasks = _TASKS.format(value=value, mark=_MARK if bad else "", depends=_DEPENDS if depends else "")
    return {"databricks.yml": job_bundle(tasks, _PARAMETERS)}


@rule(
    id="unknown-task-in-reference",
    family="references",
    severity="error",
    basis="documented",
    reason="A reference to a task that the job does not have cannot be resolved: the task fails when it starts.",
    fact=_PAGE,
    fix="Write the task_key of a task of this job.",
    bad=_example("{{tasks.cuont.values.rows}}", bad=True),
    good=_example("{{tasks.count.values.rows}}", bad=False),
)
def unknown_task_in_reference(target: CheckedTarget) -> Iterator[Found]:
    """Every `{{tasks.<key>.…}}` names a task of the job."""
    for job in target.jobs.values():
        nested = {task.key for task in job.all_tasks if task.loop is not None}
        for task, value, steps in references_of(job):
            if steps[0] != "tasks" or len(steps) < 2 or steps[1] in job.tasks:
                continue
            if steps[1] in nested:
                message = f"{joined(steps)}: {steps[1]} is nested in a for-each task, and has many runs, not one"
            else:
                message = f"{joined(steps)} in task {task.key}: the job has no task {steps[1]}"
            near = get_close_matches(steps[1], job.tasks, 1)
            yield found(value, message, fix=f"Did you mean {near[0]}?" if near else None)


@rule(
    id="reference-to-task-not-upstream",
    family="references",
    severity="error",
    basis="documented",
    reason="Values of a task are known once it has ended; without a dependency on it, they cannot be resolved.",
    fact=_PAGE,
    fix="Add the task to `depends_on`, itself or through other tasks.",
    bad=_example("{{tasks.count.values.rows}}", bad=True, depends=False),
    good=_example("{{tasks.count.values.rows}}", bad=False),
)
def reference_to_task_not_upstream(target: CheckedTarget) -> Iterator[Found]:
    """Every task that a `{{tasks.…}}` names ends before the task that holds it starts."""
    for job in target.jobs.values():
        for task, value, steps in references_of(job):
            if steps[0] != "tasks" or len(steps) < 2 or steps[1] not in job.tasks:
                continue
            own = outer(task).key
            if steps[1] == own:
                yield found(value, f"{joined(steps)} in task {task.key} is a value of the task itself")
            elif steps[1] not in job.ancestors[own]:
                yield found(value, f"{joined(steps)}: task {task.key} does not wait for {steps[1]}")


@rule(
    id="unknown-job-parameter",
    family="references",
    severity="error",
    basis="documented",
    reason="An unknown key in a known namespace is an error: the task fails when it starts.",
    fact=_PAGE,
    fix="Declare the parameter under the job's `parameters`, with a default, or correct its name.",
    bad=_example("{{job.parameters.dya}}", bad=True),
    good=_example("{{job.parameters.day}}", bad=False),
)
def unknown_job_parameter(target: CheckedTarget) -> Iterator[Found]:
    """Every `{{job.parameters.<name>}}` is declared by the job."""
    for job in target.jobs.values():
        declared = job.value.get("parameters")
        names = [item.text("name") for item in job.value.items("parameters")]
        if any("${" in name for name in names) or (declared is not None and not declared.node.is_list):
            continue
        for task, value, steps in references_of(job):
            if steps[:2] == ("job", "parameters") and len(steps) == 3 and steps[2] not in names:
                there = ", ".join(names) or "none"
                near = get_close_matches(steps[2], names, 1)
                yield found(
                    value,
                    f"{joined(steps)} in task {task.key}: the job has no parameter {steps[2]} (it has {there})",
                    fix=f"Did you mean {near[0]}?" if near else None,
                )


@rule(
    id="unknown-value-reference",
    family="references",
    severity="error",
    basis="documented",
    reason="An unknown key in a known namespace is an error: the task fails when it starts.",
    fact=_PAGE,
    fix="Take one of the references that the page lists.",
    bad=_example("{{job.start_time.isodate}}", bad=True),
    good=_example("{{job.start_time.iso_date}}", bad=False),
)
def unknown_value_reference(target: CheckedTarget) -> Iterator[Found]:
    """Every `{{…}}` of a known namespace is one that there is; what triggers tell is not looked at."""
    for job in target.jobs.values():
        for task, value, steps in references_of(job):
            if steps[:2] in (("job", "parameters"), ("job", "trigger")) or steps[0] == "backfill":
                continue
            text = "{{" + ".".join(f"`{step}`" for step in steps) + "}}"
            known = steps[1:2] if steps[0] == "tasks" else ()
            for _, message in problems(text, "", tasks=known, parameters=(), nested=_sees_input(task)):
                yield found(value, message)


def _sees_input(task: Task) -> bool:
    """Whether `{{input}}` is known: in a nested task, and not in what a for-each task itself says."""
    return task.loop is not None


@rule(
    id="malformed-value-reference",
    family="references",
    severity="error",
    basis="documented",
    reason="A reference with a mistake in its syntax is no reference: the task gets the literal text.",
    fact=_PAGE,
    fix="Two braces on each side, a known first word (job, task, tasks, workspace, backfill, input), no expression.",
    bad=_example("{{job.parameters.day}", bad=True),
    good=_example("{{job.parameters.day}}", bad=False),
)
def malformed_value_reference(target: CheckedTarget) -> Iterator[Found]:
    """No text looks like a reference that is none."""
    for task in target.tasks():
        for value in texts_of(task):
            text = value.node.value
            if "{" not in text or not _is_for_references(value.path):
                continue
            for match in _ONE_BRACE.finditer(text):
                yield found(value, f"{match.group(0)} in task {task.key} lacks a brace and stays as it is")
            for match in _TWO_SINGLE.finditer(text):
                if _fits(match.group(1), match.group(2)):
                    yield found(value, f"{match.group(0)} in task {task.key} lacks two braces and stays as it is")
            for match in _MORE.finditer(text):
                if not list(find(match.group(0))) and _fits(match.group(1), match.group(2)):
                    yield found(value, f"{match.group(0)} in task {task.key} is no reference and stays as it is")
            for match in _ONE_WORD.finditer(text) if _sees_input(task) else ():
                if match.group(1) != "input" and get_close_matches(match.group(1), ["input"], cutoff=0.75):
                    yield found(
                        value, f"{match.group(0)} in task {task.key} is no reference", fix="Did you mean {{input}}?"
                    )
            for match in _ANY_WORD.finditer(text):
                if match.group(1) in NAMESPACES:
                    continue
                near = get_close_matches(match.group(1), NAMESPACES, 1, cutoff=0.7)
                if near and _fits(near[0], match.group(2)):
                    yield found(
                        value,
                        f"{match.group(0)} in task {task.key} is no reference: there is no {match.group(1)}",
                        fix=f"Did you mean {near[0]}?",
                    )


_WORDS = r"(?:job|tasks?|workspace|backfill|input)\.[A-Za-z0-9_.\-]+"
_ONE_BRACE = re.compile(r"(?<!\{)\{\s*" + _WORDS + r"\s*\}\}|\{\{\s*" + _WORDS + r"\s*\}(?!\})")
_TWO_SINGLE = re.compile(r"(?<![{$])\{(job|tasks?|workspace)\.([A-Za-z0-9_.\-]+)\}(?!\})")
_ONE_WORD = re.compile(r"\{\{\s*([A-Za-z_]+)\s*\}\}")
_ANY_WORD = re.compile(r"\{\{\s*([A-Za-z_]+)\.([A-Za-z0-9_.\-]+)\s*\}\}")
_MORE = re.compile(r"\{\{\s*(job|tasks?|workspace)\.([^{}]+?)\s*\}\}")
_SECOND = {
    "job": ("parameters", "id", "name", "run_id", "start_time", "repair_count", "trigger"),
    "task": ("name", "run_id", "execution_count"),
    "workspace": ("id", "url"),
}


def _fits(namespace: str, rest: str) -> bool:
    """Whether what follows is what follows that word: `{{jobs.parameters.day}}`, and not any template's own names."""
    first, _, more = rest.partition(".")
    if namespace == "tasks":
        return more.startswith(("values.", "result_state", "run_id", "output"))
    return re.split(r"\W", first, maxsplit=1)[0] in _SECOND.get(namespace, ())


def _is_for_references(path: tuple[str | int, ...]) -> bool:
    """Whether a text is one in which references are resolved: not a description, and no path of a file."""
    return path[-1] not in ("description", "task_key", "query")
