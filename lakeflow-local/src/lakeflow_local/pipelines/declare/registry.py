"""Records what dataset files declare, through pyspark's own registry interface."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyspark.pipelines.flow import AutoCdcFlow
from pyspark.pipelines.flow import Flow as SparkFlow
from pyspark.pipelines.graph_element_registry import GraphElementRegistry
from pyspark.pipelines.output import Output

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model.declarations import Declarations, merge_expectations
from lakeflow_local.pipelines.model.model import Expectation
from lakeflow_local.pipelines.sql.sql_state import SqlState

SqlReader = Callable[[str, Path, SqlState], Declarations]


class Registry(GraphElementRegistry):
    """One load of the pipeline's files; the decorators of `declare`, which replace pyspark's own, fill `declared`."""

    def __init__(self, read_sql: SqlReader) -> None:
        self._read_sql = read_sql
        self.declared = Declarations()

    def register_output(self, output: Output) -> None:
        """Refused: reached only by code that took pyspark's functions before they were replaced."""
        raise UserError(f"{output.name} was declared outside of the pipeline's own files")

    def register_flow(self, flow: SparkFlow) -> None:
        """Refused, see `register_output`."""
        raise UserError(f"flow {flow.name} was declared outside of the pipeline's own files")

    def register_auto_cdc_flow(self, flow: AutoCdcFlow) -> None:
        """Refused, see `register_output`."""
        raise UserError(f"flow {flow.name} was declared outside of the pipeline's own files")

    def register_sql(self, sql_text: str, file_path: Path, state: SqlState | None = None) -> None:
        """Declare the datasets of one SQL file, or of a cell of a notebook, whose cells share their state."""
        self.declared.add_all(self._read_sql(sql_text, file_path, SqlState() if state is None else state))


def rules_of(function: object) -> list[Expectation]:
    """The expectations that decorators have left on a query function, the topmost decorator first."""
    return list(reversed(getattr(function, "__lakeflow_expectations__", [])))


def freeze_rules(declared: Declarations) -> None:
    """Give each dataset the expectations that stand on its query function, above or below its own decorator."""
    for dataset, flow in declared.own_queries:
        rules = [*dataset.expectations, *rules_of(flow.query)]
        dataset.expectations = merge_expectations(dataset.name, rules, dataset.place)
