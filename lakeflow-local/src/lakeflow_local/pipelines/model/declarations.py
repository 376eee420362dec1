"""What source files declare together, and the rules of one dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lakeflow_local.pipelines.model.model import CdcFlow, Dataset, Expectation, Flow, Place, SnapshotFlow, fail


@dataclass
class Declarations:
    """What source files declare, in their order.

    Attributes:
        flows: into datasets that are declared elsewhere, before or after.
        own_queries: datasets with the query that their own declaration gives.
        ignored: what is accepted and has no effect on this machine, with the first place of each.
        shared_files: the files that change the session, which the queries of all files run in.
    """

    datasets: list[Dataset] = field(default_factory=list)
    flows: list[Flow | CdcFlow | SnapshotFlow] = field(default_factory=list)
    own_queries: list[tuple[Dataset, Flow]] = field(default_factory=list)
    ignored: dict[str, Place] = field(default_factory=dict)
    shared_files: set[str] = field(default_factory=set)

    def add_dataset(self, dataset: Dataset, query: Flow | None = None) -> None:
        """Add a dataset and, where it has one, its own query."""
        self.datasets.append(dataset)
        if query is not None:
            self.own_queries.append((dataset, query))

    def add_flow(self, flow: Flow | CdcFlow | SnapshotFlow) -> None:
        """Add a flow into a dataset that is declared elsewhere."""
        self.flows.append(flow)

    def ignore(self, what: str, place: Place) -> None:
        """Note what has no effect here, so that it is said once."""
        self.ignored.setdefault(what, place)

    def add_all(self, other: Declarations) -> None:
        """Add what another text declares."""
        self.datasets += other.datasets
        self.flows += other.flows
        self.own_queries += other.own_queries
        for what, place in other.ignored.items():
            self.ignore(what, place)


def merge_expectations(dataset: str, rules: Sequence[Expectation], place: Place) -> tuple[Expectation, ...]:
    """The rules of one dataset in order of declaration.

    Raises:
        UserError: when two have one name: their counts could not be told apart.
    """
    seen: dict[str, Expectation] = {}
    for rule in rules:
        if rule.name in seen:
            message = f"dataset {dataset} has two expectations named '{rule.name}': names are unique in a dataset"
            raise fail(message, place)
        seen[rule.name] = replace(rule)
    return tuple(seen.values())
