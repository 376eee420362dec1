"""Tasks that can never start: they wait for each other in a circle, or for one that is not there.

The CLI lets both pass, and the platform refuses the job when it is deployed.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.nodes import Node


def warn_task_order(draft: Draft) -> None:
    """Warn about the tasks of each job."""
    for path, job in draft.resources("jobs"):
        tasks = job.get("tasks")
        found = {_text(task, "task_key"): task for task in tasks.value} if tasks is not None and tasks.is_list else {}
        parents = {key: _parents(task) for key, task in found.items()}
        for key, names in parents.items():
            for name in sorted(names - set(found)):
                message = f"task {key} depends on {name}, and the job has no such task; it cannot be deployed or run"
                draft.diagnostics.warn(message, found[key], (*path, "tasks"))
        try:
            TopologicalSorter(parents).prepare()
        except CycleError as problem:
            circle = list(reversed(problem.args[1]))
            message = f"tasks wait for each other in a circle: {' -> '.join(circle)}; they cannot be deployed or run"
            draft.diagnostics.warn(message, found.get(circle[0]), (*path, "tasks"))


def _parents(task: Node) -> set[str]:
    depends_on = task.get("depends_on")
    items = depends_on.value if depends_on is not None and depends_on.is_list else []
    return {_text(item, "task_key") for item in items} - {""}


def _text(node: Node, name: str) -> str:
    found = node.get(name)
    return (found.text() or "") if found is not None else ""
