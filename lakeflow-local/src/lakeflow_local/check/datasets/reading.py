"""The pipelines of a resolved bundle with all that is known of their source files."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from lakeflow_local.check.datasets.model import Dataset, Flow, Key, Kind, Place, Read, Remark, SourceFile
from lakeflow_local.check.datasets.python_file import PythonFile
from lakeflow_local.check.datasets.sql_source import read_sql
from lakeflow_local.check.evaluation.modules import Project
from lakeflow_local.errors import UserError
from lakeflow_local.notebooks.notebook import NotebookError, read_notebook
from lakeflow_local.notebooks.notebook_source import is_notebook
from lakeflow_local.pipelines.model.names import split
from lakeflow_local.pipelines.model.spec import library_files, local_path

_COMMAND = re.compile(r"=\s*[!%]|\?\s*$")  # of IPython, within a line
_MAGIC_RUN = re.compile(r"^#\s*MAGIC\s+%run\b", re.MULTILINE)
_EDITABLE = re.compile(r"\s*(?:--editable|-e)[ =]+(\S+)")


@dataclass
class PipelineCode:
    """One pipeline: its files, and their datasets by the names that the pipeline gives them.

    Attributes:
        key: of the resource.
        catalog, schema: the default ones, in lower case, None if they are not known.
    """

    key: str
    spec: Mapping[str, Any]
    catalog: str | None
    schema: str | None
    files: list[SourceFile] = field(default_factory=list)
    is_complete: bool = True

    @property
    def datasets(self) -> Iterator[Dataset]:
        """All that is declared."""
        for file in self.files:
            yield from file.datasets

    @property
    def flows(self) -> Iterator[Flow]:
        """All flows into datasets that are declared elsewhere."""
        for file in self.files:
            yield from file.flows

    @cached_property
    def by_key(self) -> dict[Key, list[Dataset]]:
        """The datasets of each table, sinks left out."""
        found: dict[Key, list[Dataset]] = {}
        for dataset in self.datasets:
            key = self.identify(dataset.name, dataset.use) if dataset.name else None
            if key is not None and dataset.kind is not Kind.SINK:
                found.setdefault(key, []).append(dataset)
        return found

    def identify(self, name: str | None, use: tuple[str | None, str] | None = None) -> Key | None:
        """The table that a name means, with what is not known as an empty text; None if it is no name."""
        parts = split(name or "")
        if len(parts) == 2 and parts[0].lower() == "live":
            parts = parts[1:]
        if not 1 <= len(parts) <= 3:
            return None
        catalog, schema = self.catalog or "", self.schema or ""
        if use is not None:
            catalog, schema = use[0] or catalog, use[1]
        catalog, schema, table = (*(catalog, schema, "")[: 3 - len(parts)], *parts)
        return catalog.lower(), schema.lower(), table.lower()

    def found(self, read: Read) -> list[Dataset]:
        """The datasets that a read means."""
        key = self.identify(read.name, read.use)
        return self.by_key.get(key, []) if key is not None else []


def pipelines_of(bundle: Any, sources: Any = None) -> list[PipelineCode]:
    """The pipelines of a resolved bundle that have source files here.

    Args:
        sources: the files that were read and parsed already, for other rules.
    """
    found = []
    for key in sorted(bundle.resources.get("pipelines") or {}):
        try:
            spec = bundle.pipeline(key)
        except UserError:
            continue  # a reference that leads nowhere is another rule's
        code = _pipeline(key, spec, bundle, sources)
        if code.files:
            found.append(code)
    return found


def _pipeline(key: str, spec: Mapping[str, Any], bundle: Any, sources: Any) -> PipelineCode:
    schema = spec.get("schema") or spec.get("target")
    code = PipelineCode(key, spec, _known(spec.get("catalog")), _known(schema))
    configuration = {str(name): _text(value) for name, value in (spec.get("configuration") or {}).items()}
    parameters = {str(name): _text(value) for name, value in (spec.get("parameters") or {}).items()}
    project = Project(_import_folders(spec, bundle), configuration, sources)
    paths: dict[Path, None] = {}
    for library in spec.get("libraries") or ():
        wanted, matched = library_files(library, bundle.root)
        if wanted is None or not matched:
            code.is_complete = False  # a jar, or a notebook that is not here
        paths.update(dict.fromkeys(matched))
    for path in paths:
        file = _source_file(path.resolve(), project, configuration, parameters)
        code.files.append(file)
        code.is_complete &= file.is_complete
    return code


def _known(value: Any) -> str | None:
    """A name without references that only a workspace resolves."""
    return str(value).lower() if value and "${" not in str(value) else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _import_folders(spec: Mapping[str, Any], bundle: Any) -> list[Path]:
    """From where the code of the pipeline can import files of the bundle."""
    folders = [local_path(str(spec["root_path"]), bundle.root)] if spec.get("root_path") else []
    deployed = (bundle.config.get("workspace") or {}).get("file_path")
    for dependency in (spec.get("environment") or {}).get("dependencies") or ():
        if found := _EDITABLE.match(str(dependency)):
            given = found[1]
            if deployed and (given == deployed or given.startswith(deployed + "/")):
                given = str(bundle.sync_root) + given[len(deployed) :]
            folders += [local_path(given, bundle.root) / "src", local_path(given, bundle.root)]
    return [*folders, bundle.root / "src", bundle.root]


def _source_file(
    path: Path, project: Project, configuration: Mapping[str, str], parameters: Mapping[str, str]
) -> SourceFile:
    try:
        if path.suffix == ".sql":
            return read_sql(path, configuration, parameters)
        if path.suffix == ".ipynb":
            return _jupyter(path, project, configuration, parameters)
        module = project.read(path)
        if module is None:
            return _unreadable(path)
        found = PythonFile(module).read()
        if is_notebook(path) and _MAGIC_RUN.search(path.read_text(encoding="utf-8")):
            found.is_complete = False
        return found
    except (OSError, ValueError, NotebookError, KeyError, RecursionError):
        return SourceFile(path, path.suffix[1:], is_complete=False)


def _unreadable(path: Path, source: bytes | None = None) -> SourceFile:
    """A Python file of which nothing is known, with the line at which it breaks."""
    file = SourceFile(path, "python", is_complete=False)
    text = path.read_bytes() if source is None else source
    if is_notebook(path):  # its commands (%pip, !ls) are no Python, and no mistake there
        text = re.sub(rb"(?m)^(?=[ \t]*[%!])", b"#", text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in a stranger's strings
            ast.parse(text)
    except SyntaxError as error:
        if not (is_notebook(path) and _COMMAND.search(error.text or "")):
            file.remarks.append(Remark("syntax", error.msg, Place(path, error.lineno)))
    return file


def _jupyter(
    path: Path, project: Project, configuration: Mapping[str, str], parameters: Mapping[str, str]
) -> SourceFile:
    cells = [cell for cell in read_notebook(path) if cell.language != "md"]
    if cells and all(cell.language == "sql" for cell in cells):
        return _without_lines(read_sql(path, configuration, parameters))
    lines = [line for cell in cells if cell.language == "python" for line in [*cell.text.splitlines(), ""]]
    # Lines that only a notebook understands, such as %pip and !ls.
    source = "\n".join("" if re.match(r"\s*[%!]", line) else line for line in lines)
    module = project.read(path, source)
    if module is None:
        return _without_lines(_unreadable(path, source.encode()))
    found = PythonFile(module, lines=False).read()
    found.is_complete &= not any(cell.language == "run" for cell in cells)
    return found


def _without_lines(file: SourceFile) -> SourceFile:
    for dataset in file.datasets:
        dataset.place = Place(file.path, None)
        dataset.expectations = [replace(one, place=Place(file.path, None)) for one in dataset.expectations]
    for flow in file.flows:
        flow.place = Place(file.path, None)
    file.remarks = [replace(one, place=Place(file.path, None)) for one in file.remarks]
    return file
