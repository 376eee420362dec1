"""Which task values a task's code sets."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from lakeflow_local.check.datasets.query_body import HARMLESS
from lakeflow_local.check.facts.calls import Scope, files_below
from lakeflow_local.check.facts.code import code_of, entry_of, project_of
from lakeflow_local.check.target import CheckedTarget, Task

# Of everybody, and so no package that knows a task's values.
_COMMON = HARMLESS | {"requests", "httpx", "yaml", "mlflow", "sklearn", "scipy", "pyarrow", "polars", "boto3", "azure"}
_COMMON |= {"google", "openai", "sqlalchemy", "pydantic", "jinja2", "tqdm", "matplotlib", "faker", "xgboost", "torch"}
_SETS_NONE = ("pipeline_task", "condition_task", "sql_task", "run_job_task", "dashboard_task", "alert_task")


def scope_of(target: CheckedTarget, task: Task) -> Scope | None:
    """The code of a Python task with the folders below which it finds its modules; None where it is not known."""
    if task.value.get("python_wheel_task") is not None:
        entry, project = entry_of(target, task), project_of(target, task)
        return Scope.of(entry.source, project.roots, target.sources) if entry and project else None
    files = code_of(target, task)
    if not files or files[0].python is None:
        return None
    folder, root = files[0].path.parent, target.bundle.sync_root
    roots = [one for one in (folder, *folder.parents) if one.is_relative_to(root)]
    roots += [path for project in target.projects for path in project.roots]
    return Scope.of(files[0], tuple(dict.fromkeys(roots)), target.sources)


@dataclass(frozen=True)
class SetValues:
    """What is known of the values that a task sets.

    Attributes:
        keys: Those whose keys stand in a call that sets them.
        texts: All of the code, where some are set under a name that stands elsewhere in it.
    """

    keys: frozenset[str]
    texts: tuple[str, ...] = ()

    def may_set(self, key: str) -> bool:
        """Whether the code may set a value of this key."""
        return key in self.keys or any(re.search(rf"\b{re.escape(key)}\b", text) for text in self.texts)


def set_values(target: CheckedTarget, task: Task) -> SetValues | None:
    """The values that a task sets; None where that cannot be known."""
    kind = task.kind.name if task.kind is not None else ""
    if kind in _SETS_NONE:
        return SetValues(frozenset())
    scope = scope_of(target, task)
    if scope is None:
        return None
    known, key = target.sources.memory, ("task values", scope.source.path, scope.roots)
    if key not in known:
        known[key] = _of_code(scope)
    return known[key]


def _of_code(scope: Scope) -> SetValues | None:
    files = files_below(scope)
    keys: set[str] = set()
    is_exact = True
    for file in files:
        tree = file.source.python
        if tree is None or any(cell.language not in ("python", "md", "sql", "pip") for cell in file.source.cells):
            return None  # `%run` and other languages may set more
        if not file.foreign <= _COMMON:
            return None  # so may a package of somebody, or a module that `sys.path` makes importable
        if "taskValues" not in file.source.text:
            continue
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if not isinstance(call.func, ast.Attribute) or call.func.attr != "set":
                continue
            given = [keyword.value for keyword in call.keywords if keyword.arg == "key"] or call.args[:1]
            if not given:
                is_exact = False
            elif isinstance(given[0], ast.Constant):
                keys.add(str(given[0].value))
            elif isinstance(given[0], (ast.Name, ast.Attribute)):
                is_exact = False
            else:
                return None  # a key that is put together
        if "taskValues.set(" not in file.source.text.replace(" ", ""):
            is_exact = False
    return SetValues(frozenset(keys), () if is_exact else tuple(file.source.text for file in files))
