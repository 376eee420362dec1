"""`bundle.databricks_cli_version`, judged against the version of the CLI that the resolution here follows."""

from __future__ import annotations

import re

from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft

MODELLED = "1.14.0"
_VERSION = r"\d+\.\d+\.\d+(?:-\w+)?|\d+\.\d+\.\*|\d+\.\*"
_OPERATOR = r">=|<=|>|<|!=|"
_CONSTRAINT = re.compile(rf"({_OPERATOR}) ?({_VERSION})(?:, ({_OPERATOR}) ({_VERSION}))?")


def check_cli_version(draft: Draft) -> None:
    """Refuse a bundle that is written for another version.

    Raises:
        BundleError: the constraint is not met, or is none.
    """
    node = draft.config.get("bundle", "databricks_cli_version")
    if node is None or not node.value:
        return
    found = _CONSTRAINT.fullmatch(str(node.value))
    if found is None:
        raise error(f'databricks_cli_version "{node.value}": write it as 1.2.3, or as ">= 1.2.3, <= 2.0.0"', node)
    first, second = found.groups()[:2], found.groups()[2:]
    if not all(_holds(operator, version) for operator, version in (first, second) if version):
        raise error(
            f"the bundle wants databricks_cli_version {node.value}, and lakeflow-local follows {MODELLED} of the CLI",
            node,
        )


def _holds(operator: str, version: str) -> bool:
    if version.endswith("*"):
        prefix = version.removesuffix("*")
        same = MODELLED.startswith(prefix)
        own, wanted = _key(MODELLED), _key((prefix + "0.0")[: -2 if prefix.count(".") == 2 else None])
    else:
        own, wanted = _key(MODELLED), _key(version)
        same = own == wanted
    match operator:
        case "":
            return same
        case "!=":
            return not same
        case ">=":
            return same or own > wanted
        case "<=":
            return same or own < wanted
        case ">":
            return not same and own > wanted
        case _:
            return not same and own < wanted


def _key(version: str) -> tuple[int, int, int, bool, str]:
    """A version for comparison; one with a suffix is before the one without."""
    numbers, _, suffix = version.partition("-")
    major, minor, patch = map(int, numbers.split("."))
    return major, minor, patch, not suffix, suffix
