"""One attempt of an update: brings datasets up to date, in the order in which they read each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.model.model import Dataset
from lakeflow_local.pipelines.model.names import Key, Stack
from lakeflow_local.pipelines.model.spec import PipelineSpec
from lakeflow_local.pipelines.model.update import DatasetResult, Event, Listener
from lakeflow_local.pipelines.query import follow
from lakeflow_local.pipelines.query.context import UpdateContext
from lakeflow_local.pipelines.query.expectations import violation
from lakeflow_local.pipelines.query.node import Canceled, CycleError, Node, Status, UpstreamFailed
from lakeflow_local.pipelines.query.spark_settings import SparkSettings
from lakeflow_local.pipelines.refresh.explain import explain_failure
from lakeflow_local.pipelines.refresh.nothing_new import recall_unchanged
from lakeflow_local.pipelines.refresh.refresh import refresh, validate
from lakeflow_local.pipelines.store.code import Code
from lakeflow_local.pipelines.store.state import Store
from lakeflow_local.pipelines.store.tables import Tables

FLOW_RETRIES = "pipelines.maxFlowRetryAttempts"
_MAX_THREADS = 32  # most of them wait for a dataset


class UpdateAttempt:
    """One attempt to bring datasets up to date.

    A dataset is brought up to date when another one reads it, in the thread that reads. Two threads never work on one
    dataset: the second waits for the first, and meanwhile another thread has its turn.
    """

    def __init__(
        self,
        spec: PipelineSpec,
        spark: SparkSession,
        known: dict[Key, Dataset],
        code: Code,
        *,
        selected: set[Key] | None = None,
        with_upstream: bool = False,
        full: Iterable[Key] = (),
        stand_ins: Iterable[Key] = (),
        validate_only: bool = False,
        from_memory: bool = False,
        listener: Listener | None = None,
        workers: int = 1,
    ) -> None:
        """
        Args:
            selected: what to refresh; None for everything.
            with_upstream: also refresh what those read; otherwise it is read as it is.
            full: what to compute anew from the beginning.
            stand_ins: datasets whose tables somebody else has filled (tests); never refreshed.
            validate_only: resolve every query and write nothing.
            from_memory: with `validate_only`: resolve only the queries of datasets of which something is new since
                their last update, or of what they read.
            workers: how many datasets are worked on at once.
        """
        self._spec = spec
        self._validate_only = validate_only
        self._listener = listener
        self._turns = threading.Semaphore(workers)
        self._lock = threading.Lock()
        self._waits: dict[int, Key] = {}
        self._stacks: dict[int, Stack] = {}
        self._stand_ins = set(stand_ins)
        self._selected = selected
        self._with_upstream = with_upstream
        self.cycle: CycleError | None = None
        self.stopped: BaseException | None = None
        self.nodes = {key: self._node(key, dataset, set(full)) for key, dataset in known.items()}
        self._context = UpdateContext(
            spec=spec,
            spark=spark,
            known=known,
            nodes=self.nodes,
            store=Store(spec.state_folder),
            tables=Tables(spark),
            code=code,
            settings=SparkSettings(spark),
            validate_only=validate_only,
            bring_up_to_date=self._bring_up_to_date,
            notify=self._notify,
        )
        if validate_only and from_memory:
            recall_unchanged(self._context)

    def _node(self, key: Key, dataset: Dataset, full: set[Key]) -> Node:
        table = self._spec.namespace.resolve(dataset.name)
        assert table is not None  # source.load has refused other names
        name = table.table if table.schema.lower() == self._spec.namespace.local_schema.lower() else table.declared
        node = Node(dataset, table, DatasetResult(name, dataset.kind.value), full=key in full)
        left = self._selected is not None and key not in self._selected and not self._with_upstream
        if not self._validate_only and (key in self._stand_ins or left):
            node.status = Status.LEFT
            node.ended.set()
        return node

    def go(self) -> None:
        """Bring every dataset up to date that is asked for."""
        wanted = self.nodes if self._selected is None or self._validate_only else self._selected
        nodes = [self.nodes[key] for key in wanted]
        todo = [node.key for node in nodes if node.status is Status.PENDING and not node.dataset.is_view]
        with ThreadPoolExecutor(min(max(len(todo), 1), _MAX_THREADS)) as pool:
            list(pool.map(self._start, todo))
        for node in nodes:
            if node.dataset.is_view and node.status is Status.PENDING:
                if self._validate_only:
                    self._validate_view(node)
                node.result.state = "COMPLETED" if node.result.error is None else "FAILED"

    def _start(self, key: Key) -> None:
        follow.activate(self._context.spark)
        try:
            with self._turns:
                self._bring_up_to_date(key, ())
        except (UpstreamFailed, Canceled):
            pass  # recorded in the dataset's result
        except CycleError as error:
            self.cycle = self.cycle or error

    def _bring_up_to_date(self, key: Key, stack: Stack) -> None:
        """Return once a dataset is up to date, for the reader at the end of the stack.

        Raises:
            UpstreamFailed: when it failed.
            CycleError: when it is itself waiting for the reader.
        """
        node = self.nodes[key]
        if key in stack:
            raise self._cycle([*stack[stack.index(key) :], key])
        if node.dataset.is_view or node.status is Status.LEFT:
            return
        me = threading.get_ident()
        with self._lock:
            mine = node.status is Status.PENDING
            if mine:
                node.status, node.owner = Status.RUNNING, me
            elif node.status is Status.RUNNING:
                self._refuse_deadlock(node, stack)
                self._waits[me], self._stacks[me] = key, stack  # with the views through which it reads
        if mine:
            self._refresh(node, (*stack, key))
        else:
            self._turns.release()
            node.ended.wait()
            self._turns.acquire()
            with self._lock:
                self._waits.pop(me, None)
        for reader in stack:  # what they do themselves begins now
            self.nodes[reader].inputs_ready = datetime.now(UTC)
        if node.result.state != "COMPLETED":
            raise UpstreamFailed(node.result.name)

    def _refuse_deadlock(self, node: Node, stack: Stack) -> None:
        me = threading.get_ident()
        circle, owner, wanted = list(stack), node.owner, node.key
        while True:
            there = self._stacks.get(owner, ())
            circle += there[there.index(wanted) :] if wanted in there else (wanted,)
            waits_for = self._waits.get(owner)
            if waits_for is None or self.nodes[waits_for].status is Status.DONE:  # its wait has ended
                return
            wanted = self._waits[owner]
            owner = self.nodes[wanted].owner
            if owner == me:
                start = circle.index(wanted) if wanted in circle else 0
                raise self._cycle([*circle[start:], wanted])

    def _cycle(self, keys: list[Key]) -> CycleError:
        names = " → ".join(self.nodes[key].result.name for key in keys)
        place = self.nodes[keys[0]].dataset.place
        return CycleError(f"datasets read each other in a circle: {names}", file=place.file, line=place.line)

    def _refresh(self, node: Node, stack: Stack) -> None:
        me = threading.get_ident()
        outer = self._stacks.get(me, ())
        self._stacks[me] = stack
        started = time.monotonic()
        try:
            self._tell("started", node)
            if self.stopped is not None:
                raise Canceled("the update was stopped")
            self._with_retries(node, stack)
            node.result.state = "COMPLETED"
        except UpstreamFailed as error:
            node.result.state, node.result.error = "SKIPPED", f"{error} failed, and this dataset reads it"
        except Canceled as error:
            node.result.state, node.result.error = "CANCELED", str(error)
            raise
        except CycleError as error:
            node.result.state, node.result.error = "FAILED", str(error)
            raise
        except Exception as error:  # does not stop datasets that do not read this one
            node.result.state, node.result.error = "FAILED", explain_failure(error, node.dataset)
        finally:
            node.result.seconds = time.monotonic() - started
            self._stacks[me] = outer
            node.status = Status.DONE
            node.ended.set()
            self._tell("finished", node)

    def _with_retries(self, node: Node, stack: Stack) -> None:
        retries = self._spec.retries(FLOW_RETRIES)
        while True:
            try:
                with self._context.settings.of(node.dataset):
                    work = validate if self._validate_only else refresh
                    return work(self._context, node, stack)
            except (UpstreamFailed, Canceled, UserError, AnalysisException):
                raise  # a retry would end in the same way
            except Exception as error:
                found = violation(error, node.result.name)
                if found is not None:
                    raise found from None
                if not retries:
                    raise
                retries -= 1
                self._context.warn(node, f"failed, tried again: {explain_failure(error, node.dataset)}")

    def _validate_view(self, node: Node) -> None:
        try:
            validate(self._context, node, (node.key,))
        except UpstreamFailed as error:
            node.result.error = f"{error} failed, and this view reads it"
        except Exception as error:
            node.result.error = explain_failure(error, node.dataset)

    def _tell(self, kind: str, node: Node) -> None:
        if self._listener is not None:
            result = node.result
            state = (
                "UP_TO_DATE" if result.up_to_date and kind == "finished" else result.state if kind == "finished" else ""
            )
            self._notify(Event(kind, result.name, state, result.rows, result.seconds, result.error or ""))

    def _notify(self, event: Event) -> None:
        """An error of the listener stops the update: what runs is finished, nothing else is begun."""
        if self._listener is None or self.stopped is not None:
            return
        try:
            self._listener(event)
        except BaseException as error:  # raised again at the end of the update, once its results are recorded
            self.stopped = error
