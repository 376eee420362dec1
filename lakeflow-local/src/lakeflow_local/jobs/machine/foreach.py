"""The list that a for-each task runs over.

Limits (documentation: for each task): 5,000 characters when the list stands in the task, 10,000 by a job parameter,
48 KiB by a task value.
"""

from __future__ import annotations

import json
from typing import Any

INLINE_CHARACTERS = 5_000
JOB_PARAMETER_CHARACTERS = 10_000
TASK_VALUE_BYTES = 48 * 1024


class InputsError(Exception):
    """Inputs that are no list, or a list past its limit."""


def parse_inputs(declared: str, resolved: str) -> list[Any]:
    """Read the inputs of a for-each task.

    Args:
        declared: the text of `inputs` as the job has it, which tells where the list comes from.
        resolved: the same text with its references resolved.

    Returns:
        The elements in order. An empty list is allowed: the task then succeeds without an iteration (not documented).

    Raises:
        InputsError: not a JSON array, or too long.
    """
    _check_size(declared, resolved)
    try:
        elements = json.loads(resolved)
    except ValueError as error:
        raise InputsError(f"inputs are not a JSON array: {error} in {_shortened(resolved)}") from None
    if not isinstance(elements, list):
        raise InputsError(f"inputs are {type(elements).__name__}, not a JSON array: {_shortened(resolved)}")
    return elements


def _check_size(declared: str, resolved: str) -> None:
    if "{{tasks." in declared.replace(" ", ""):
        if len(resolved.encode()) > TASK_VALUE_BYTES:
            raise InputsError(f"inputs by task value may have 48 KiB, these have {len(resolved.encode())} bytes")
    elif "{{" in declared:
        if len(resolved) > JOB_PARAMETER_CHARACTERS:
            raise InputsError(
                f"inputs by job parameter may have {JOB_PARAMETER_CHARACTERS:,} characters, "
                f"these have {len(resolved):,}"
            )
    elif len(resolved) > INLINE_CHARACTERS:
        raise InputsError(f"inputs in the task may have {INLINE_CHARACTERS:,} characters, these have {len(resolved):,}")


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "…")
