"""Looks for the packages that an environment of the bundle would install: nothing is installed here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from lakeflow_local.jobs.model.spec import SpecError

_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._\-]*)\s*(\[[^\]]*\])?\s*([<>=!~;@].*)?")


def first_missing(dependencies: Sequence[object]) -> tuple[int, str] | None:
    """The first package that is not installed: its index and name. Versions are not compared.

    Files, folders and options of pip are no packages; a wheel of the bundle is checked where a task names it.
    """
    for index, dependency in enumerate(dependencies):
        text = str(dependency).strip()
        found = _REQUIREMENT.fullmatch(text)
        if found is None or found.group(1).endswith(".whl") or "$" in text:
            continue
        try:
            metadata.distribution(found.group(1))
        except metadata.PackageNotFoundError:
            return index, found.group(1)
    return None


def check_pipeline_packages(key: str, pipeline: Mapping[str, Any]) -> None:
    """Name a package that a pipeline's environment would install, and this one lacks.

    Raises:
        SpecError: at the dependency.
    """
    dependencies = (pipeline.get("environment") or {}).get("dependencies") or []
    missing = first_missing(dependencies)
    if missing is not None:
        index, name = missing
        raise SpecError(
            f"pipeline {key}: package {name} of its environment is not installed in this environment; "
            f"install it (pip install '{dependencies[index]}')",
            f"resources.pipelines.{key}.environment.dependencies[{index}]",
        )
