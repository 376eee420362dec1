"""The code that a bundle's jobs and pipelines run, in all of its targets: Python modules and SQL texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lakeflow_local.check.facts.code import code_of
from lakeflow_local.check.programs.program import BundleCode
from lakeflow_local.check.programs.syntax import Module
from lakeflow_local.check.target import CheckedBundle, CheckedTarget

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.S)


def deployed_modules(bundle: CheckedBundle) -> list[Module]:
    """Every Python file that a task or a pipeline runs, and those of the bundle that they import."""
    found: dict[Path, Module] = {}
    for target in bundle.targets.values():
        code = BundleCode.of(target)
        starts = [entry.module for task in target.tasks() for entry in code.entries(target, task)]
        starts += [module for file in _pipeline_files(target) if (module := code.module(file)) is not None]
        for start in starts:
            for module in code.program(start) if start.file not in found else ():
                found[module.file] = module
    return list(found.values())


def deployed_sql(bundle: CheckedBundle) -> Iterator[tuple[Path, int, str]]:
    """Every SQL text that a task or a pipeline runs: its file, its first line there, itself with comments blanked."""
    known: set[Path] = set()
    for target in bundle.targets.values():
        sources = [source for task in target.tasks() for source in code_of(target, task)]
        sources += [source for file in _pipeline_files(target) if (source := target.sources.read(file)) is not None]
        for source in sources:
            if source.path in known:
                continue
            known.add(source.path)
            if source.is_notebook:
                for cell in source.cells:
                    if cell.language == "sql":
                        yield source.path, cell.line, _without_comments(cell.text)
            elif source.path.suffix == ".sql":
                yield source.path, 1, _without_comments(source.text)


def _pipeline_files(target: CheckedTarget) -> Iterator[Path]:
    for pipeline in target.pipelines.values():
        for library in pipeline.value.items("libraries"):
            pattern = library.text("glob", "include")
            path = pattern or library.text("file", "path") or library.text("notebook", "path")
            file = target.local(path.split("*")[0].rstrip("/") if pattern else path) if path else None
            if file is None:
                continue
            if file.is_dir():
                yield from (one for one in sorted(file.rglob("*")) if one.suffix in (".py", ".sql", ".ipynb"))
            else:
                ends = ("", ".py", ".sql", ".ipynb")
                yield from [one for end in ends if (one := file.with_name(file.name + end)).is_file()][:1]


def _without_comments(text: str) -> str:
    return _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
