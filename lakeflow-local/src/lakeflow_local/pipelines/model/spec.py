"""What the engine needs of a resolved pipeline resource, with its paths on this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model.names import Namespace, TableName
from lakeflow_local.platform_paths.path_map import PathMap
from lakeflow_local.spark.catalogs import LOCAL, local_schema

SOURCES = (".py", ".sql", ".ipynb")
_SHOWN = ("catalog", "schema", "target", "serverless", "continuous", "development", "channel", "edition", "photon")
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class PipelineSpec:
    """A pipeline's settings.

    Attributes:
        files: its source files, in order of the libraries, each once.
        root_path: the folder that is put on sys.path, None if there is none.
        configuration: what dataset code reads by `spark.conf.get`.
        parameters: what stands for `:name` in its SQL.
        event_log: the Delta table to which the event log is published, None for none.
        state: the folder for the states of pipelines; None for `.lakeflow/pipelines` of the root.
        paths: the folders of this machine that paths of the platform mean.
        config: the settings that the event log shows: no values of the configuration, which may be secret.
    """

    name: str
    root: Path
    namespace: Namespace
    files: tuple[Path, ...]
    paths: PathMap
    root_path: Path | None = None
    configuration: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    event_log: TableName | None = None
    state: Path | None = None
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def runtime(self) -> str:
        """What runs the pipeline here, where the platform has the version of its runtime."""
        return f"lakeflow-local {metadata.version('lakeflow-local')} with Spark {metadata.version('pyspark')}"

    @property
    def slug(self) -> str:
        """The name as a folder name."""
        return re.sub(r"[^A-Za-z0-9._-]+", "_", self.name).strip("_") or "pipeline"

    @property
    def state_folder(self) -> Path:
        """Where checkpoints and what the engine remembers lie."""
        return (self.state or self.root / ".lakeflow" / "pipelines") / self.slug

    def retries(self, key: str) -> int:
        """A retry setting of the configuration; not set means no retries here, so that an error shows at once.

        Raises:
            UserError: when it is no number.
        """
        value = str(self.configuration.get(key, "0"))
        if not re.fullmatch(r"-?\d+", value):
            raise UserError(f"pipeline {self.name}: configuration {key} must be a number, not '{value}'")
        return max(0, int(value))

    @classmethod
    def parse(
        cls, spec: Mapping[str, Any], root: Path, state: Path | None = None, paths: PathMap | None = None
    ) -> PipelineSpec:
        """Read a resolved pipeline resource.

        Raises:
            UserError: when it names no schema, or a library that is not there.
        """
        name = str(spec.get("name") or "pipeline")
        schema = spec.get("schema") or spec.get("target")
        if not schema:
            raise UserError(f"pipeline {name} has no schema: set `schema`, into which its tables go")
        catalog = str(spec.get("catalog") or LOCAL)
        namespace = Namespace(catalog, str(schema))
        log = spec.get("event_log") or {}
        return cls(
            name=name,
            root=root,
            namespace=namespace,
            files=_files(name, spec.get("libraries") or (), root),
            root_path=local_path(str(spec["root_path"]), root) if spec.get("root_path") else None,
            configuration={str(key): _text(value) for key, value in (spec.get("configuration") or {}).items()},
            parameters={str(key): _text(value) for key, value in (spec.get("parameters") or {}).items()},
            event_log=_log_table(log, catalog, str(schema)),
            state=state,
            paths=paths or PathMap(root),
            config={key: spec[key] for key in _SHOWN if key in spec},
        )


def _log_table(log: Mapping[str, Any], catalog: str, schema: str) -> TableName | None:
    if not log.get("name"):
        return None
    place = local_schema(str(log.get("catalog") or catalog), str(log.get("schema") or schema))
    return TableName(place, str(log["name"]))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def local_path(path: str, root: Path) -> Path:
    """A path of the resolved bundle on this machine: relative to the root, or below the folder of a deployment."""
    given = Path(path)
    if not given.is_absolute():
        return Path(os.path.normpath(root / given))
    if given.is_relative_to(root) or given.exists():
        return given
    # /Workspace/…/files/pipelines/x: the longest end of it that exists below the root.
    for start in range(1, len(given.parts)):
        candidate = root.joinpath(*given.parts[start:])
        if candidate.exists():
            return candidate
    return given


def _files(pipeline: str, libraries: Any, root: Path) -> tuple[Path, ...]:
    found: dict[Path, None] = {}
    for library in libraries:
        wanted, matched = library_files(library, root)
        if wanted is None:
            kinds = ", ".join(sorted(library)) or "an empty one"
            raise UserError(f"pipeline {pipeline}: lakeflow-local runs glob, file and notebook libraries, not {kinds}")
        if not matched:
            raise UserError(f"pipeline {pipeline}: library {wanted} matches no .py, .sql or .ipynb file")
        found.update(dict.fromkeys(matched))
    if not found:
        raise UserError(f"pipeline {pipeline} has no libraries: nothing declares its datasets")
    return tuple(found)


def library_files(library: Mapping[str, Any], root: Path) -> tuple[str | None, list[Path]]:
    """What a library of source files names, None where it is of another kind, and the files that it means here."""
    if include := (library.get("glob") or {}).get("include"):
        return str(include), _expand(str(include), root)
    if path := (library.get("file") or library.get("notebook") or {}).get("path"):
        return str(path), _single(str(path), root)
    return None, []


def _expand(include: str, root: Path) -> list[Path]:
    parts = Path(include).parts
    fixed = next((index for index, part in enumerate(parts) if _GLOB.search(part)), len(parts))
    base = local_path(str(Path(*parts[:fixed])) if fixed else ".", root)
    pattern = "/".join(parts[fixed:])
    if not pattern:
        matched = [base] if base.is_file() else sorted(base.rglob("*"))
    else:
        # `folder/**` means every file below on the platform; pathlib's own meaning is every folder.
        matched = sorted(base.glob(f"{pattern}/*" if pattern.endswith("**") else pattern))
    hidden = [
        path for path in matched if any(part.startswith((".", "__pycache__")) for part in path.relative_to(base).parts)
    ]
    return [path for path in matched if path.suffix in SOURCES and path.is_file() and path not in hidden]


def _single(path: str, root: Path) -> list[Path]:
    for ending in ("", *SOURCES):
        candidate = local_path(path + ending, root)
        if candidate.is_file() and candidate.suffix in SOURCES:
            return [candidate]
    return []
