"""`dbutils.jobs.taskValues`."""

from __future__ import annotations

import json
from typing import Any

from lakeflow_local.dbutils import task

LIMIT = 48 * 1024  # bytes of the JSON representation (documentation: task values)


class TaskValues:
    """Values that one task sets and later tasks of the same run get."""

    def set(self, key: str, value: Any) -> None:
        """Set a value. Outside of a job run nothing happens, as in a notebook that is run by hand.

        Raises:
            TypeError: the key is no string.
            ValueError: the value is no JSON, or its JSON is longer than 48 KiB.
        """
        if not isinstance(key, str):
            raise TypeError(f"a task value's key is a string, not {type(key).__name__}")
        try:
            text = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(f"task value {key!r} cannot be written as JSON: {error}") from None
        if len(text.encode()) > LIMIT:
            raise ValueError(f"task value {key!r} has {len(text.encode())} bytes as JSON; at most {LIMIT} are allowed")
        if task.current.is_in_run:
            task.current.ask("set_value", name=key, value=value)

    def get(self, taskKey: str, key: str, default: Any = None, debugValue: Any = None) -> Any:
        """Get a value that an earlier task of this run has set.

        Args:
            taskKey: the task.
            key: the value's key.
            default: returned when the task has set no such value; None is no default.
            debugValue: returned outside of a job run.

        Raises:
            ValueError: the job has no such task, whatever the default; no such value and no default.
            TypeError: outside of a run, no debugValue.
        """
        if not task.current.is_in_run:
            if debugValue is None:
                raise TypeError("outside of a job run get needs a debugValue that is not None")
            return debugValue
        found = task.current.ask("get_value", task=taskKey, name=key)
        if "unknown_task" in found:
            raise ValueError(found["unknown_task"])
        if found["found"]:
            return found["value"]
        if default is not None:
            return default
        raise ValueError(f"task {taskKey!r} has set no task value {key!r} in this run, and there is no default")


class Jobs:
    """`dbutils.jobs`."""

    def __init__(self) -> None:
        self.taskValues = TaskValues()
