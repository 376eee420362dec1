"""The catalogs that targets set."""

from __future__ import annotations

import re

from lakeflow_local.check.target import CheckedBundle, CheckedTarget

# Of everybody, so that a mention of it says nothing about an environment.
_COMMON = {"main", "samples", "system", "hive_metastore", "workspace", "spark_catalog", "local", ""}
# What a template asks its reader to fill in.
_TO_FILL = re.compile(r"<.*>|(?:replace|change)[_-]?me|your[_-].*|todo", re.I)


def catalogs_by_target(bundle: CheckedBundle, *, of_variables: bool = False) -> dict[str, set[str]]:
    """Target -> the catalogs that it names, those of everybody left out.

    Args:
        of_variables: Only those that stand in variables which differ between targets.
    """
    found = {name: _of(target, of_variables) for name, target in bundle.targets.items()}
    return found if len(found) > 1 else {}


def _of(target: CheckedTarget, of_variables: bool) -> set[str]:
    names = {
        str(value.plain("value"))
        for name, value in target.config.entries("variables")
        if "catalog" in name.lower() and isinstance(value.plain("value"), str)
    }
    if not of_variables:
        names |= {one.value.text("catalog") for one in target.pipelines.values()}
        names |= {one.value.text("catalog_name") for one in target.resources("schemas")}
    return {name for name in names if "${" not in name and not _TO_FILL.fullmatch(name)} - _COMMON
