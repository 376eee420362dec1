"""`artifacts`: what is built before a deployment, with absolute paths."""

from __future__ import annotations

import os
from pathlib import Path

from lakeflow_local.bundle.resources.libraries import is_local_library
from lakeflow_local.bundle.resources.wheels import latest_wheels
from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.files import glob, has_glob
from lakeflow_local.bundle.tree.nodes import Node, from_plain, matches

_WHEEL_BUILD = "python3 setup.py bdist_wheel"


def prepare_artifacts(draft: Draft) -> None:
    """Completes every artifact: where it is built, by which command, which files come out.

    Raises:
        BundleError: for an artifact that is empty, or has neither a build command nor files, or files that
            no build makes and that are not there.
    """
    _apply_dynamic_version(draft)
    _infer_wheel(draft)
    section = draft.config.get("artifacts")
    for name in sorted(section.value) if section is not None and section.is_map else ():
        artifact = section.value[name]
        if not artifact.is_map:
            raise error(f"artifact {name} says neither how it is built nor which files it has", artifact)
        _prepare(draft, name, artifact)


def _prepare(draft: Draft, name: str, artifact: Node) -> None:
    folder = artifact.location.file.parent if artifact.location else draft.root
    files = artifact.get("files")
    for file in files.value if files is not None and files.is_list else ():
        source = file.get("source") or file.set(("source",), "")
        if not os.path.isabs(source.value):
            source.value = os.path.normpath(folder / source.value)
    if not _text(artifact, "path"):
        artifact.set(("path",), str(draft.root))
    path = artifact.get("path")
    has_files = files is not None and bool(files.value)
    if _text(artifact, "type") == "whl" and not has_files:
        if not _text(artifact, "build"):
            artifact.set(("build",), _WHEEL_BUILD)
        files = artifact.set(("files",), [{"source": os.path.join(path.value, "dist", "*.whl")}])
        has_files = True
    if not os.path.isabs(path.value):
        path.value = os.path.normpath(folder / path.value)
    if not _text(artifact, "build"):
        if not has_files:
            raise error(f"artifact {name} needs a build command or files", artifact)
        _expand(files)


def _expand(files: Node) -> None:
    """Nothing builds these files, so they must exist already; of one wheel's versions the newest counts."""
    expanded: list[Node] = []
    for file in files.value:
        source = file.get("source")
        if source is None or not isinstance(source.value, str):
            continue
        if not has_glob(source.value):
            if not Path(source.value).exists():
                raise error(f"{source.value}: no matching files", source)
            expanded.append(file)
            continue
        found = latest_wheels([str(path) for path in glob(Path("/"), source.value)])
        if not found:
            raise error(f"{source.value}: no matching files", source)
        expanded.extend(from_plain({"source": path}) for path in found)
    files.value = expanded


def _apply_dynamic_version(draft: Draft) -> None:
    preset = draft.config.get("presets", "artifacts_dynamic_version")
    if preset is None or preset.value is not True:
        return
    for _, artifact in matches(draft.config, "artifacts.*"):
        if artifact.is_map and _text(artifact, "type") == "whl":
            artifact.set(("dynamic_version",), True)


def _infer_wheel(draft: Draft) -> None:
    """Adds the wheel of a `setup.py` in the bundle's root, if a job needs a local library."""
    if draft.config.get("artifacts") is not None or not (draft.root / "setup.py").is_file():
        return
    dependencies = [
        *matches(draft.config, "resources.jobs.*.tasks[*].libraries[*].whl"),
        *matches(draft.config, "resources.jobs.*.tasks[*].libraries[*].jar"),
        *matches(draft.config, "resources.jobs.*.tasks[*].libraries[*].requirements"),
        *matches(draft.config, "resources.jobs.*.environments[*].spec.dependencies[*]"),
    ]
    if any(isinstance(node.value, str) and is_local_library(node.value) for _, node in dependencies):
        draft.config.set(("artifacts", "python_artifact"), {"path": str(draft.root), "type": "whl"})


def _text(node: Node, field: str) -> str:
    found = node.get(field)
    return (found.text() or "") if found is not None else ""
