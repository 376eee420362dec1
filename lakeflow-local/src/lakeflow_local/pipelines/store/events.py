"""The events of one update, with the types, details and texts of the platform's event log.

https://docs.databricks.com/aws/en/ldp/monitor-event-log-schema. They are written when the update has ended, each with
the time at which it happened. What only a cluster has (`cluster_resources`, `autoscale`) is not there.
"""

from __future__ import annotations

import getpass
import json
import platform
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from lakeflow_local.pipelines.model.model import Kind
from lakeflow_local.pipelines.model.spec import PipelineSpec
from lakeflow_local.pipelines.model.update import DatasetResult, FlowResult, Request, Update

_TICK = timedelta(microseconds=1)
# What a dataset's only flow would be, where an update ended before it came to it.
_USUAL_FLOW = {Kind.MATERIALIZED_VIEW: "MATERIALIZED_VIEW", Kind.TABLE: "MATERIALIZED_VIEW"}


def events_of(
    spec: PipelineSpec, pipeline_id: str, update: Update, request: Request, *, is_first: bool
) -> list[dict[str, Any]]:
    """The events of one attempt in their order, no two at one time.

    Args:
        is_first: nothing is in the log yet, so the pipeline has just been created.
    """
    found = sorted(_Events(spec, pipeline_id, update, request).all(is_first=is_first), key=lambda event: event[0])
    events: list[dict[str, Any]] = []
    at = datetime.min.replace(tzinfo=UTC)
    for when, event in found:
        at = max(when, at + _TICK)
        sequence = json.dumps({"control_plane_seq_no": int(at.timestamp() * 1_000_000)})
        events.append({"id": str(uuid.uuid4()), "sequence": sequence, "timestamp": at.isoformat(), **event})
    return events


class _Events:
    def __init__(self, spec: PipelineSpec, pipeline_id: str, update: Update, request: Request) -> None:
        self._spec, self._update, self._request = spec, update, request
        self._origin = {
            "cloud": "local",
            "pipeline_id": pipeline_id,
            "pipeline_type": "WORKSPACE",
            "pipeline_name": spec.name,
            "update_id": update.update_id,
            "catalog_name": spec.namespace.catalog,
            "schema_name": spec.namespace.schema,
            "host": platform.node(),
        }

    def all(self, *, is_first: bool) -> Iterator[tuple[datetime, dict[str, Any]]]:
        begin, name = self._update.started, self._update.update_id[:6]
        if is_first:
            yield begin, self._user_action("CREATE", "created the pipeline")
        if self._update.attempts == 1:
            yield begin, self._user_action("START", "started an update")
            yield begin, self._created(name)
            version = {"runtime_version": {"dbr_version": self._spec.runtime}}
            yield begin, self._event("runtime_details", f"Runtime: {self._spec.runtime}", {"runtime_details": version})
            yield begin, self._progress(f"Update {name} is INITIALIZING.", "INITIALIZING")
        flows = [(result, flow) for result in self._update.datasets for flow in _flows(result)]
        work = min((flow.started for _, flow in flows), default=begin)
        yield work, self._progress(f"Update {name} is SETTING_UP_TABLES.", "SETTING_UP_TABLES")
        for result in self._update.datasets:
            for defined in {flow.name: flow for flow in _defined(result, work)}.values():
                yield work, self._definition(result, defined)
        yield work, self._progress(f"Update {name} is RUNNING.", "RUNNING")
        for result, flow in flows:
            is_last = flow is result.flows[-1] if result.flows else True
            yield from self._flow(result, flow, work, error=result.error if is_last else None)
        for result in self._update.datasets:
            for warning in result.warnings:
                details: dict[str, Any] = {"flow_progress": {}}
                ended = max((flow.ended for flow in result.flows), default=work)
                yield ended, self._event("flow_progress", warning, details, result=result, level="WARN")
        yield datetime.now(UTC), self._ended(name)

    def _flow(
        self, result: DatasetResult, flow: FlowResult, queued: datetime, error: str | None
    ) -> Iterator[tuple[datetime, dict[str, Any]]]:
        def progress(status: str, verb: str = "is", level: str = "INFO", **more: Any) -> dict[str, Any]:
            details = {"flow_progress": {"status": status, **more}}
            message = f"Flow '{flow.name}' {verb} {status}."
            if error is not None and status == flow.state:
                return self._event("flow_progress", error, details, result=result, flow=flow, level=level, error=error)
            return self._event("flow_progress", message, details, result=result, flow=flow, level=level)

        yield queued, progress("QUEUED")
        if flow.state != "SKIPPED":
            yield flow.started, progress("STARTING")
            yield flow.started, progress("RUNNING")
        if flow.kind == "MATERIALIZED_VIEW" and flow.state == "COMPLETED":
            yield flow.started, self._planning(result, flow)
        # One row for each set of counts, as the platform does: readers sum all rows.
        for metrics in flow.metric_sets:
            expectations = [
                {
                    "name": counts.name,
                    "dataset": counts.dataset,
                    "passed_records": counts.passed_records,
                    "failed_records": counts.failed_records,
                }
                for counts in metrics.counts
            ]
            quality = {"dropped_records": metrics.dropped_records, "expectations": expectations}
            yield flow.ended, progress("RUNNING", data_quality=quality)
        level = {"FAILED": "ERROR", "SKIPPED": "WARN"}.get(flow.state, "INFO")
        yield flow.ended, progress(flow.state, "has", level, metrics={"num_output_rows": flow.rows})

    def _definition(self, result: DatasetResult, flow: FlowResult) -> dict[str, Any]:
        details = {
            "output_dataset": result.name,
            "input_datasets": flow.reads,
            "flow_type": flow.kind,
            "schema": [{"name": name, "data_type": kind} for name, kind in flow.schema],
        }
        message = f"Flow '{flow.name}' defined as {flow.kind}."
        return self._event("flow_definition", message, {"flow_definition": details}, result=result, flow=flow)

    def _planning(self, result: DatasetResult, flow: FlowResult) -> dict[str, Any]:
        kind = "MAINTENANCE_TYPE_NO_OP" if result.up_to_date else "MAINTENANCE_TYPE_COMPLETE_RECOMPUTE"
        technique = {"maintenance_type": kind, "is_chosen": True, "is_applicable": True}
        message = f"Flow '{flow.name}' has been planned to be executed as {kind.removeprefix('MAINTENANCE_TYPE_')}."
        details = {"planning_information": {"technique_information": [technique]}}
        return self._event("planning_information", message, details, result=result, flow=flow)

    def _user_action(self, action: str, what: str) -> dict[str, Any]:
        user = _user_name()
        details = {"user_action": {"action": action, "user_name": user}}
        return self._event("user_action", f"User {user} {what}.", details)

    def _created(self, name: str) -> dict[str, Any]:
        request = self._request
        details = {
            "update_id": self._update.update_id,
            "cause": request.cause,
            "full_refresh": request.full_refresh_all,
            "refresh_selection": list(request.refresh),
            "full_refresh_selection": list(request.full_refresh),
            "config": {"name": self._spec.name, **self._spec.config},
            "runtime_version": {"dbr_version": self._spec.runtime},
            "run_as": _user_name(),
        }
        return self._event("create_update", f"Update {name} started by {request.cause}.", {"create_update": details})

    def _progress(self, message: str, state: str) -> dict[str, Any]:
        return self._event("update_progress", message, {"update_progress": {"state": state}})

    def _ended(self, name: str) -> dict[str, Any]:
        state, error = self._update.state, self._update.error
        level = "INFO" if state == "COMPLETED" else "ERROR"
        details = {"update_progress": {"state": state}}
        return self._event("update_progress", f"Update {name} is {state}.", details, level=level, error=error)

    def _event(
        self,
        event_type: str,
        message: str,
        details: dict[str, Any],
        *,
        result: DatasetResult | None = None,
        flow: FlowResult | None = None,
        level: str = "INFO",
        error: str | None = None,
    ) -> dict[str, Any]:
        origin = dict(self._origin)
        if result is not None:
            is_sink = result.kind == Kind.SINK
            origin |= {"sink_name": result.name} if is_sink else {"dataset_name": result.name}
            origin |= {"table_name": result.name, "flow_name": flow.name if flow is not None else result.name}
            origin["flow_id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{origin['pipeline_id']}/{origin['flow_name']}"))
        failure = None
        if error is not None:
            exceptions = [{"class_name": "", "message": error}]
            failure = {"fatal": event_type == "update_progress", "message": error, "exceptions": exceptions}
        return {
            "origin": origin,
            "message": message,
            "level": level,
            "error": failure,
            "details": json.dumps(details),
            "event_type": event_type,
            "maturity_level": "STABLE",
        }


def _flows(result: DatasetResult) -> list[FlowResult]:
    """What its flows did; one in place of all of them, where the update did not come to any."""
    if result.state == "EXCLUDED" or result.kind == Kind.TEMPORARY_VIEW:
        return []
    if result.flows:
        return result.flows
    now = datetime.now(UTC)
    kind = _USUAL_FLOW.get(Kind(result.kind), "APPEND")
    return [FlowResult(result.name, kind, now, now, state=result.state, reads=result.reads)]


def _defined(result: DatasetResult, at: datetime) -> list[FlowResult]:
    if result.kind == Kind.TEMPORARY_VIEW and result.state != "EXCLUDED":
        return [FlowResult(result.name, "VIEW", at, at, reads=result.reads)]
    return _flows(result)


def _user_name() -> str:
    try:
        return getpass.getuser()
    except OSError:  # a user id without an entry, as containers have
        return "unknown"
