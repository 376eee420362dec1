"""Runs a pipeline's source files and gives the datasets that they declare."""

from __future__ import annotations

import sys
import traceback
import types
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from pyspark.cloudpickle import register_pickle_by_value
from pyspark.pipelines.graph_element_registry import graph_element_registration_context
from pyspark.serializers import CloudPickleSerializer

from lakeflow_local.dbutils import runtime
from lakeflow_local.errors import UserError
from lakeflow_local.notebooks.notebook import Cell
from lakeflow_local.notebooks.notebook_source import cells_of, is_notebook
from lakeflow_local.pipelines.declare import interface
from lakeflow_local.pipelines.declare.registry import Registry, freeze_rules, rules_of
from lakeflow_local.pipelines.declare.session_calls import noticing
from lakeflow_local.pipelines.model.declarations import Declarations
from lakeflow_local.pipelines.model.flow_checks import check_dataset, check_sink
from lakeflow_local.pipelines.model.model import CdcFlow, Dataset, Flow, Kind, SnapshotFlow, fail
from lakeflow_local.pipelines.model.modules import modules_below
from lakeflow_local.pipelines.model.names import Key, TableName
from lakeflow_local.pipelines.model.spec import PipelineSpec
from lakeflow_local.pipelines.sql import sql_file
from lakeflow_local.pipelines.sql.sql_state import SqlState

_PREFIX = "lakeflow_source_"


@contextmanager
def code_on_path(spec: PipelineSpec) -> Iterator[None]:
    """The pipeline's root folder on sys.path, for the helper modules beside its files."""
    added = [str(spec.root_path)] if spec.root_path else []
    sys.path[:0] = added
    try:
        yield
    finally:
        for folder in added:
            sys.path.remove(folder)


def _helpers(spec: PipelineSpec) -> dict[str, types.ModuleType]:
    """The imported modules that lie under the root folder."""
    return modules_below(spec.root_path) if spec.root_path is not None else {}


def forget_helpers(spec: PipelineSpec) -> None:
    """Drop imported modules that lie under the root folder, so that every update runs what is on disk."""
    for name in _helpers(spec):
        del sys.modules[name]


def load(spec: PipelineSpec, spark: Any) -> dict[Key, Dataset]:
    """Run the source files and collect the datasets that they declare, by the local identity of each name.

    Raises:
        UserError: for a file that fails, with its line; for a dataset declared twice; for a flow without target.
    """
    return join(declared_in(spec, spark), spec)


def declared_in(spec: PipelineSpec, spark: Any) -> Declarations:
    """Run the source files.

    Raises:
        UserError: for a file that fails, with its line.
    """
    interface.install()
    runtime.install_modules()
    forget_helpers(spec)
    registry = Registry(sql_file.read)
    with (
        code_on_path(spec),
        graph_element_registration_context(registry),
        _sending_at_once(spec),
        noticing(registry.declared.shared_files) as calls,
    ):
        for file in spec.files:
            calls.file = file
            language, cells = cells_of(file) if is_notebook(file) else (file.suffix.removeprefix("."), [])
            if language != "sql":
                with chdir(file.parent):  # where a file of a workspace runs: for relative paths, in sys.path too
                    _run(file, cells, spark)
            elif cells:
                _read_cells(file, cells, spec, registry)
            else:
                text = _substitute(file.read_text(encoding="utf-8"), spec)
                registry.register_sql(text, file, SqlState(parameters=spec.parameters))
    _send_by_value(spec)
    freeze_rules(registry.declared)
    return registry.declared


@contextmanager
def _sending_at_once(spec: PipelineSpec) -> Iterator[None]:
    """While files run: `spark.udf.register` serializes a function when it is called."""
    original = CloudPickleSerializer.dumps

    def dumps(serializer: CloudPickleSerializer, content: Any) -> Any:
        _send_by_value(spec)
        return original(serializer, content)

    CloudPickleSerializer.dumps = dumps
    try:
        yield
    finally:
        CloudPickleSerializer.dumps = original


def _send_by_value(spec: PipelineSpec) -> None:
    """Let Spark's Python workers get the code behind a UDF itself: they can import neither sources nor helpers."""
    sources = (module for name, module in list(sys.modules.items()) if name.startswith(_PREFIX))
    for module in {*sources, *_helpers(spec).values()}:
        register_pickle_by_value(module)


def _read_cells(file: Path, cells: list[Cell], spec: PipelineSpec, registry: Registry) -> None:
    state = SqlState(parameters=spec.parameters)
    for cell in cells:
        padding = "\n" * (cell.line - 1)  # so that lines are the file's
        try:
            registry.register_sql(padding + _substitute(cell.text, spec), file, state)
        except UserError as error:
            if file.suffix != ".ipynb":
                raise
            raise UserError(f"cell {cell.number}: {error.message}", file=file, line=error.line) from None


def _run(file: Path, cells: list[Cell], spark: Any) -> None:
    module = types.ModuleType(f"{_PREFIX}{abs(hash(file)):x}")
    module.__file__ = str(file)
    module.__dict__.update(spark=spark, dbutils=runtime.DBUtils())  # Databricks defines them in every source file
    # Known under its name while it runs, as dataclasses and pickling look their module up.
    sys.modules[module.__name__] = module
    cell_is = ""
    try:
        if file.suffix == ".ipynb":
            # Lines count within a cell, so errors name it; the file's name stays, as the hash of the code goes by it.
            for cell in cells:
                cell_is = f"cell {cell.number}: "
                exec(compile(cell.text, str(file), "exec"), module.__dict__)
        else:
            exec(compile(file.read_bytes(), str(file), "exec"), module.__dict__)
    except UserError:
        raise
    except SyntaxError as error:
        raise UserError(f"{cell_is}syntax error: {error.msg}", file=error.filename or file, line=error.lineno) from None
    except Exception as error:
        raise UserError(
            f"{cell_is}{type(error).__name__}: {first_line(error)}", file=file, line=line_in(error, {str(file)})
        ) from error


def first_line(error: BaseException) -> str:
    """The first line of an error's text."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def line_in(error: BaseException, files: set[str]) -> int | None:
    """The last line of one of the files that an error passed through."""
    frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
    return frames[-1] if frames else None


def _substitute(text: str, spec: PipelineSpec) -> str:
    for key, value in spec.configuration.items():
        text = text.replace("${" + key + "}", value)
    return text


def join(declared: Declarations, spec: PipelineSpec) -> dict[Key, Dataset]:
    """The datasets of a pipeline with their flows.

    Raises:
        UserError: for a dataset declared twice; for a flow without target, or one that its target does not take.
    """
    datasets: dict[Key, Dataset] = {}
    for dataset in declared.datasets:
        key = identify(dataset.name, spec, dataset).key
        if key in datasets:
            first = datasets[key].place
            message = f"dataset {dataset.name} is declared twice, first in {Path(first.file).name}:{first.line}"
            raise fail(message, dataset.place)
        datasets[key] = dataset
    for dataset, flow in declared.own_queries:
        dataset.flows.append(flow)
    for flow in declared.flows:
        target = spec.namespace.resolve(flow.target)
        found = datasets.get(target.key) if target else None
        if found is None:
            message = f"flow {flow.name} writes into {flow.target}, which no create_streaming_table declares"
            raise fail(message, flow.place)
        if isinstance(flow, Flow) and rules_of(flow.query):
            message = (
                f"flow {flow.name} has expectations: give them to create_streaming_table for {flow.target}"
                if found.kind is not Kind.SINK
                else f"flow {flow.name} has expectations, which sinks do not support"
            )
            raise fail(message, flow.place)
        if found.kind is Kind.SINK and isinstance(flow, Flow):
            check_sink(flow, found)
        elif isinstance(flow, Flow) and flow.sends_updates:
            message = f"flow {flow.name} is an update flow, which writes to a sink, and {flow.target} is none"
            raise fail(message, flow.place)
        elif found.is_managed and not isinstance(flow, Flow):
            message = f"flow {flow.name}: {flow.target} is a table, and AUTO CDC needs a streaming table as its target"
            raise fail(f"{message} (MANAGED_TABLE_DOES_NOT_SUPPORT_CDC)", flow.place)
        elif found.kind not in (Kind.STREAMING_TABLE, Kind.TABLE):
            message = f"flow {flow.name} writes into {flow.target}, which is no streaming table"
            raise fail(message, flow.place)
        if isinstance(flow, CdcFlow):
            found.cdc_flows.append(flow)
        elif isinstance(flow, SnapshotFlow):
            found.snapshot_flows.append(flow)
        else:
            found.flows.append(flow)
    for dataset in datasets.values():
        check_dataset(dataset)
    return datasets


def identify(name: str, spec: PipelineSpec, dataset: Dataset) -> TableName:
    """A dataset's table on this machine.

    Raises:
        UserError: when its name is none.
    """
    found = spec.namespace.resolve(name)
    if found is None:
        message = f"{name} is no name of a table: write table, schema.table or catalog.schema.table"
        raise fail(message, dataset.place)
    return found
