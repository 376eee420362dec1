"""The operators, a module a family. Importing this package fills `OPERATORS`.

They were written before the rules of `lakeflow-local check`, and no operator is changed to suit a rule: a new mistake
is a new operator.
"""

from tests.mutants.operator import FAMILIES, OPERATORS
from tests.mutants.operators import (
    control_flow,
    files,
    leftovers,
    pipelines,
    references,
    schedules,
    secrets,
    side_effects,
    targets,
)

__all__ = [
    "FAMILIES",
    "OPERATORS",
    "control_flow",
    "files",
    "leftovers",
    "pipelines",
    "references",
    "schedules",
    "secrets",
    "side_effects",
    "targets",
]
