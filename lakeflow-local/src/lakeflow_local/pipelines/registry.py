"""Records what dataset files declare, through pyspark's own registry interface."""

from __future__ import annotations

from pathlib import Path

from pyspark.pipelines.flow import AutoCdcFlow
from pyspark.pipelines.flow import Flow as SparkFlow
from pyspark.pipelines.graph_element_registry import GraphElementRegistry
from pyspark.pipelines.output import Output

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model import CdcFlow, Dataset, Expectation, Flow, SnapshotFlow, merge_expectations


class Registry(GraphElementRegistry):
    """One load of the pipeline's files. The decorators of `declare`, which replace pyspark's own, call `add_*`."""

    def __init__(self) -> None:
        self.datasets: list[Dataset] = []
        self.flows: list[Flow | CdcFlow | SnapshotFlow] = []
        self.own_queries: list[tuple[Dataset, Flow]] = []

    def add_dataset(self, dataset: Dataset, query: Flow | None = None) -> None:
        """Record a dataset and, where it has one, its own query."""
        self.datasets.append(dataset)
        if query is not None:
            self.own_queries.append((dataset, query))

    def add_flow(self, flow: Flow | CdcFlow | SnapshotFlow) -> None:
        """Record a flow into a dataset that is declared elsewhere, before or after."""
        self.flows.append(flow)

    def register_output(self, output: Output) -> None:
        """Refused: reached only by code that took pyspark's functions before they were replaced."""
        raise UserError(f"{output.name} was declared outside of the pipeline's own files")

    def register_flow(self, flow: SparkFlow) -> None:
        """Refused, see `register_output`."""
        raise UserError(f"flow {flow.name} was declared outside of the pipeline's own files")

    def register_auto_cdc_flow(self, flow: AutoCdcFlow) -> None:
        """Refused, see `register_output`."""
        raise UserError(f"flow {flow.name} was declared outside of the pipeline's own files")

    def register_sql(self, sql_text: str, file_path: Path, settings: dict[str, str] | None = None) -> None:
        """Declare the datasets of one SQL file, or of a cell of a notebook, whose cells share their settings."""
        from lakeflow_local.pipelines.sql_file import declare

        declare(sql_text, file_path, self, {} if settings is None else settings)


def rules_of(function: object) -> list[Expectation]:
    """The expectations that decorators have left on a query function, the topmost decorator first."""
    return list(reversed(getattr(function, "__lakeflow_expectations__", [])))


def freeze_rules(registry: Registry) -> None:
    """Give each dataset the expectations that stand on its query function, above or below its own decorator."""
    for dataset, flow in registry.own_queries:
        rules = [*dataset.expectations, *rules_of(flow.query)]
        dataset.expectations = merge_expectations(dataset.name, rules, dataset.place)
