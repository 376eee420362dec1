"""Includes, and patterns of files, that match nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path

from lakeflow_local.bundle.tree.files import glob, has_glob
from lakeflow_local.bundle.tree.source import read
from lakeflow_local.check.example_files import bundle, job_bundle
from lakeflow_local.check.finding import Found, Place, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.synced import is_ignored, synced_files
from lakeflow_local.check.target import CheckedBundle, CheckedTarget
from lakeflow_local.check.value import Value
from lakeflow_local.errors import BundleError

_INCLUDES = "https://docs.databricks.com/aws/en/dev-tools/bundles/settings (include)"
_SCHEMA = "resources:\n  schemas:\n    silver:\n      catalog_name: main\n      name: silver\n"
_SECTIONS = {"resources", "targets", "variables"}


def _patterns(checked: CheckedBundle) -> list[Value]:
    """The items of `include` as they are written in the root file."""
    root = checked.written.trees.get(checked.written.paths[0])
    return root.items("include") if root is not None else []


@rule(
    id="include-matches-nothing",
    family="files",
    severity="warning",
    basis="documented",
    reason="A pattern that matches no file includes nothing, without a word: its resources are not deployed.",
    fact=f"{_INCLUDES}; platform facts, Bundles: include globs that match nothing are not caught.",
    fix="Correct the pattern, or take it out.",
    bad=bundle("include:\n  - resource/*.yml  # <--\n", {"resources/silver.schema.yml": _SCHEMA}),
    good=bundle("include:\n  - resources/*.yml\n", {"resources/silver.schema.yml": _SCHEMA}),
    scope="bundle",
)
def include_matches_nothing(checked: CheckedBundle) -> Iterator[Found]:
    """A pattern of `include` that matches nothing names a folder that is there, and no near miss of a file's place.

    Templates include one level more than they use, so a pattern below a folder that is there may wait for files, and
    one below a folder that git ignores for each person's own.
    """
    for item in _patterns(checked):
        text = str(item.node.value)
        if not has_glob(text) or glob(checked.root, text) or _deeper(checked.root, text):
            continue
        folder = os.path.dirname(text.removeprefix("./"))
        near = [path for path in _left_out(checked) if _is_near(os.path.relpath(path.parent, checked.root), folder)]
        if near:
            names = ", ".join(os.path.relpath(path, checked.root) for path in near[:3])
            yield found(item, f"{text} in include matches no file, and nothing includes {names}")
        elif (base := _literal_folder(text)) and not (checked.root / base).is_dir():
            if is_ignored(checked.root / base, checked.root):
                continue  # it is each person's own
            yield found(item, f"{text} in include matches no file: there is no folder {base}")


def _left_out(checked: CheckedBundle) -> list[Path]:
    """The files below the bundle that look like configuration and are not part of it."""
    included = {path.resolve() for path in checked.written.paths}
    return [
        path
        for path in synced_files(checked.first)
        if path.suffix in (".yml", ".yaml")
        and path.resolve() not in included
        and path.is_relative_to(checked.root)
        and not _in_other_bundle(path, checked.root)
        and _is_configuration(path)
    ]


def _literal_folder(pattern: str) -> str:
    """The folders of a pattern before the first that is a pattern itself; empty where there are none."""
    steps = pattern.removeprefix("./").split("/")[:-1]
    return "/".join(takewhile(lambda step: not has_glob(step), steps))


def _is_near(folder: str, wanted: str) -> bool:
    return folder == wanted or bool(get_close_matches(folder, [wanted], 1, cutoff=0.8))


@rule(
    id="include-does-not-descend",
    family="files",
    severity="error",
    basis="measured",
    reason="`**` in include is the same as `*`: files further down are not included, without a word.",
    fact="platform facts, Bundles: `**` is not recursive (measured with the CLI 1.14).",
    fix="Name each level: resources/*.yml and resources/*/*.yml.",
    bad=bundle("include:\n  - resources/**/*.yml  # <--\n", {"resources/a/b/silver.schema.yml": _SCHEMA}),
    good=bundle("include:\n  - resources/*/*/*.yml\n", {"resources/a/b/silver.schema.yml": _SCHEMA}),
    scope="bundle",
)
def include_does_not_descend(checked: CheckedBundle) -> Iterator[Found]:
    """No pattern with `**` misses resources that it would match if it descended, and that nothing else includes."""
    for item in _patterns(checked):
        missed = _deeper(checked.root, str(item.node.value)) - {path.resolve() for path in checked.written.paths}
        if missed:
            names = ", ".join(os.path.relpath(path, checked.root) for path in sorted(missed)[:3])
            yield found(item, f"{item.node.value} does not include {names}")


def _deeper(root: Path, pattern: str) -> set[Path]:
    """The configuration files that a pattern with `**` matches only where `**` descends."""
    if "**" not in pattern or ".." in pattern:
        return set()
    try:
        every = {path.resolve() for path in root.glob(pattern) if path.is_file() and _is_configuration(path)}
    except (ValueError, NotImplementedError, OSError):  # no pattern of Python's: what it matches is not known here
        return set()
    return every - {path.resolve() for path in glob(root, pattern)}


def _is_configuration(path: Path) -> bool:
    """Whether a YAML file holds sections of a bundle and nothing else."""
    if path.suffix not in (".yml", ".yaml"):
        return False
    try:
        tree = read(path)
    except BundleError:
        return False
    return (
        tree.is_map
        and bool(tree.value)
        and set(tree.value) <= _SECTIONS | {"permissions", "sync", "artifacts"}
        and bool(_SECTIONS & set(tree.value))
    )


@rule(
    id="file-not-included",
    family="files",
    severity="warning",
    basis="documented",
    reason="What stands in a file that no include names is not part of the bundle: it is not deployed.",
    fact=_INCLUDES,
    fix="Add it to `include`, or take the file away.",
    bad=bundle(
        "include:\n  - resources/*.yml\n",
        {
            "resources/silver.schema.yml": _SCHEMA,
            "resources/gold.schema.yaml": _SCHEMA.replace("silver", "gold").replace("s:", "s:  # <--", 1),
        },
    ),
    good=bundle(
        "include:\n  - resources/*.yml\n  - resources/*.yaml\n",
        {"resources/silver.schema.yml": _SCHEMA, "resources/gold.schema.yaml": _SCHEMA.replace("silver", "gold")},
    ),
    scope="bundle",
)
def file_not_included(checked: CheckedBundle) -> Iterator[Found]:
    """In and below a folder that files are included from, each file of resources, targets or variables is included."""
    included = {path.resolve() for path in checked.written.paths}
    patterns = [str(item.node.value) for item in _patterns(checked)]
    deeper = {path for pattern in patterns for path in _deeper(checked.root, pattern)}
    folders = {path.parent for path in included} - {checked.root}
    for folder in sorted(folders):
        if any(other != folder and folder.is_relative_to(other) for other in folders) or not folder.is_relative_to(
            checked.root
        ):
            continue
        for path in sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")]):
            real = path.resolve()
            if real not in included | deeper and not _in_other_bundle(path, checked.root) and _is_configuration(path):
                yield found(Place("", path, 1), f"no include names {os.path.relpath(path, checked.root)}")


def _in_other_bundle(path: Path, root: Path) -> bool:
    folders = [folder for folder in path.parents if folder != root and folder.is_relative_to(root)]
    return any((folder / "databricks.yml").exists() for folder in folders)


_PIPELINE = """
resources:
  pipelines:
    orders:
      name: orders
      catalog: main
      schema: silver
      libraries:
        - glob:
            include: {path}
"""


@rule(
    id="library-glob-matches-nothing",
    family="files",
    severity="error",
    basis="documented",
    reason="A pipeline without source files has no datasets: its update fails.",
    fact="https://docs.databricks.com/aws/en/dev-tools/bundles/resources (libraries.glob); `validate` does not look.",
    fix="Write a folder of this bundle followed by /**, or a file of it.",
    bad=bundle(_PIPELINE.format(path="transformation/**  # <--"), {"transformations/orders.py": ""}),
    good=bundle(_PIPELINE.format(path="transformations/**"), {"transformations/orders.py": ""}),
)
def library_glob_matches_nothing(target: CheckedTarget) -> Iterator[Found]:
    """Every glob of a pipeline's libraries matches a Python or SQL file."""
    for pipeline in target.pipelines.values():
        for library in pipeline.value.items("libraries"):
            value = library.get("glob", "include")
            path = target.local(value.node.text() or "") if value is not None and value.node.text() else None
            if value is not None and path is not None and not _sources(path):
                written = target.written.text_of(value.node) or value.node.value
                relative = os.path.relpath(path, target.root)
                yield found(value, f"{written} matches no file: as seen from this file, it is {relative} of the bundle")


def _sources(path: Path) -> bool:
    text = str(path)
    if text.endswith("/**"):
        return any(one.suffix in (".py", ".sql", ".ipynb") for one in Path(text[:-3]).rglob("*"))
    if not has_glob(text):
        return path.is_file() or path.is_dir()
    fixed = next(parent for parent in path.parents if not has_glob(str(parent)))
    try:
        return any(fixed.glob(str(path.relative_to(fixed))))
    except (ValueError, NotImplementedError):  # no pattern of Python's: what it matches is not known here
        return True


_WHEEL = """
- task_key: load
  environment_key: default
  python_wheel_task:
    package_name: fleet
    entry_point: load
"""
_ENVIRONMENT = """
environments:
  - environment_key: default
    spec:
      environment_version: "3"
      dependencies:
        - {wheel}
"""
_ARTIFACT = "artifacts:\n  fleet:\n    type: whl\n    path: .\n"


@rule(
    id="wheel-that-nothing-builds",
    family="files",
    severity="error",
    basis="documented",
    reason="No file matches, and no artifact is built there: the deployment fails, or the task does.",
    fact="https://docs.databricks.com/aws/en/dev-tools/bundles/library-dependencies; `validate` does not look.",
    fix="Name the folder into which an artifact is built, as it is seen from this file.",
    bad={"databricks.yml": job_bundle(_WHEEL, _ENVIRONMENT.format(wheel="./dits/*.whl  # <--"), _ARTIFACT)},
    good={"databricks.yml": job_bundle(_WHEEL, _ENVIRONMENT.format(wheel="./dist/*.whl"), _ARTIFACT)},
)
def wheel_that_nothing_builds(target: CheckedTarget) -> Iterator[Found]:
    """Every wheel or jar of the bundle that is installed is there, or an artifact is built into its folder."""
    built: set[Path] = set()
    artifacts = target.config.entries("artifacts")
    if not artifacts:
        return  # something else builds it, or fetches it, before the deployment
    for _, artifact in artifacts:
        files = artifact.items("files")
        if not files:
            return
        built |= {Path(os.path.normpath(one.text("source"))).parent for one in files}
    for value in _libraries(target):
        path = _local_library(target, value)
        if path is None or path.parent in built or glob(Path("/"), str(path)):
            continue
        yield found(
            value,
            f"{target.written.text_of(value.node) or value.node.value} matches no file, and no artifact is built there",
        )


def _libraries(target: CheckedTarget) -> Iterator[Value]:
    for job in target.jobs.values():
        if not job.is_from_git:
            for environment in job.value.items("environments"):
                yield from environment.items("spec", "dependencies")
            for task in job.all_tasks:
                for library in task.value.items("libraries"):
                    yield from (value for key, value in library.entries() if key in ("whl", "jar"))


def _local_library(target: CheckedTarget, value: Value) -> Path | None:
    text = value.node.text() or ""
    if not text.endswith((".whl", ".jar")) or "${" in text or " " in text.strip() or ":" in text:
        return None
    if text.startswith("/"):
        path = target.local(text)
        return path if path is not None and path.is_relative_to(target.bundle.sync_root) else None
    return Path(os.path.normpath(target.bundle.sync_root / text))
