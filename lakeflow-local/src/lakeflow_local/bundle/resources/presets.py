"""Presets: a prefix on names, tags, paused triggers, pipelines in development, parallel runs of a job."""

from __future__ import annotations

import posixpath

from lakeflow_local.bundle.resources.tagging import tag_key, tag_value
from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft, normalize_name
from lakeflow_local.bundle.tree.nodes import Node, from_plain

# Kind of resource -> the field that the prefix goes before.
_NAMES = {
    "jobs": "name",
    "pipelines": "name",
    "models": "name",
    "clusters": "cluster_name",
    "instance_pools": "instance_pool_name",
    "dashboards": "display_name",
    "genie_spaces": "title",
    "alerts": "display_name",
    "sql_warehouses": "name",
}
# Their names are identifiers, so the prefix `[dev ada] ` becomes `dev_ada_`.
_IDENTIFIERS = ("model_serving_endpoints", "registered_models", "schemas")
_TAG_MAPS = {"jobs": "tags", "pipelines": "tags", "clusters": "custom_tags", "instance_pools": "custom_tags"}
_TRIGGERS = ("schedule", "continuous", "trigger")


def apply_presets(draft: Draft) -> None:
    """Applies the presets to every resource.

    Raises:
        BundleError: if `trigger_pause_status` is neither PAUSED nor UNPAUSED.
    """
    pause = draft.text("presets", "trigger_pause_status")
    if pause not in ("", "PAUSED", "UNPAUSED"):
        message = "trigger_pause_status can be PAUSED or UNPAUSED"
        raise error(message, draft.config.get("presets", "trigger_pause_status"))
    _prefix_names(draft, draft.text("presets", "name_prefix"))
    _tag(draft)
    _pause(draft, pause)
    runs = draft.config.get("presets", "jobs_max_concurrent_runs")
    for _, job in draft.resources("jobs"):
        own = job.get("max_concurrent_runs")
        if runs is not None and runs.value and (own is None or own.value == 0):
            job.set(("max_concurrent_runs",), runs.value)
    development = draft.config.get("presets", "pipelines_development")
    for _, pipeline in draft.resources("pipelines"):
        if development is not None and development.value is True:
            pipeline.set(("development",), True)


def identifier_prefix(prefix: str) -> str:
    """`[dev ada] ` -> `dev_ada_`."""
    stripped = prefix.replace("[", "").strip(" ")
    return normalize_name(stripped) + ("_" if stripped.endswith("]") else "")


def _prefix_names(draft: Draft, prefix: str) -> None:
    if not prefix:
        return
    for kind, field in _NAMES.items():
        for _, resource in draft.resources(kind):
            _prepend(resource, field, prefix)
    for _, experiment in draft.resources("experiments"):
        folder, base = posixpath.split(_text(experiment, "name"))
        experiment.set(("name",), f"{folder}/{prefix}{base}" if folder else f"{prefix}{base}")
    skip = draft.config.get("experimental", "skip_name_prefix_for_schema")
    for kind in _IDENTIFIERS:
        if kind == "schemas" and skip is not None and skip.value is True:
            continue
        for _, resource in draft.resources(kind):
            _prepend(resource, "name", identifier_prefix(prefix))


def _prepend(resource: Node, field: str, prefix: str) -> None:
    name = resource.get(field)
    if name is None:
        resource.set((field,), prefix)
    elif isinstance(name.value, str):
        name.value = prefix + name.value


def _tag(draft: Draft) -> None:
    section = draft.config.get("presets", "tags")
    tags = (
        {key: str(node.value) for key, node in sorted(section.value.items())}
        if section is not None and section.is_map
        else {}
    )
    if not tags:
        return
    host = draft.text("workspace", "host")
    for kind, field in _TAG_MAPS.items():
        cloud = field == "custom_tags"
        for _, resource in draft.resources(kind):
            for key, value in tags.items():
                name = tag_key(key, host) if cloud else key
                own = resource.get(field, name)
                if own is None or (not cloud and own.value == ""):
                    resource.set((field, name), tag_value(value, host) if cloud else value)
    for kind in ("models", "experiments"):
        for _, resource in draft.resources(kind):
            _append_tags(resource, ("tags",), tags)
    for _, warehouse in draft.resources("sql_warehouses"):
        _append_tags(
            warehouse, ("tags", "custom_tags"), {tag_key(k, host): tag_value(v, host) for k, v in tags.items()}
        )


def _append_tags(resource: Node, path: tuple[str, ...], tags: dict[str, str]) -> None:
    existing = resource.get(*path)
    items: list[Node] = existing.value if existing is not None and existing.is_list else []
    known = {_text(item, "key") for item in items}
    added = [from_plain({"key": key, "value": value}) for key, value in tags.items() if key not in known]
    if added:
        resource.set(path, Node([*items, *added], existing.locations if existing else ()))


def _pause(draft: Draft, pause: str) -> None:
    if not pause:
        return
    for _, job in draft.resources("jobs"):
        for trigger in _TRIGGERS:
            node = job.get(trigger)
            if node is not None and node.is_map and not _text(node, "pause_status"):
                node.set(("pause_status",), pause)
    for _, alert in draft.resources("alerts"):
        schedule = alert.get("schedule")
        if schedule is not None and _text(schedule, "quartz_cron_schedule") and not _text(schedule, "pause_status"):
            schedule.set(("pause_status",), pause)
    if pause != "PAUSED":
        return
    for _, pipeline in draft.resources("pipelines"):
        continuous = pipeline.get("continuous")
        if continuous is not None and continuous.value is True:
            pipeline.drop("continuous")
    for _, monitor in draft.resources("quality_monitors"):
        # A monitor cannot be paused, so its schedule goes.
        schedule = monitor.get("schedule")
        if schedule is not None and schedule.is_map and _text(schedule, "pause_status") != "UNPAUSED":
            monitor.drop("schedule")


def _text(node: Node, field: str) -> str:
    found = node.get(field)
    return (found.text() or "") if found is not None else ""
