"""`mode: development` and `mode: production`: what each sets and what each refuses."""

from __future__ import annotations

from lakeflow_local.bundle.steps.places import PATHS
from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft, is_uuid
from lakeflow_local.bundle.tree.nodes import Node

_DEVELOPMENT_RUNS = 4


def apply_mode(draft: Draft) -> None:
    """Sets the presets of development mode, where they are not given; production mode changes nothing."""
    if draft.mode != "development":
        return
    config, name = draft.config, draft.short_name
    lock = config.get("bundle", "deployment", "lock", "enabled")
    if lock is None or lock.value is not True:
        config.set(("bundle", "deployment", "lock", "enabled"), False)
    if not draft.text("presets", "name_prefix"):
        config.set(("presets", "name_prefix"), f"[dev {name}] ")
    if config.get("presets", "tags", "dev") is None:
        config.set(("presets", "tags", "dev"), name)
    runs = config.get("presets", "jobs_max_concurrent_runs")
    if runs is None or not runs.value:
        config.set(("presets", "jobs_max_concurrent_runs"), _DEVELOPMENT_RUNS)
    if not draft.text("presets", "trigger_pause_status"):
        config.set(("presets", "trigger_pause_status"), "PAUSED")
    development = config.get("presets", "pipelines_development")
    if development is None or development.value is not False:
        config.set(("presets", "pipelines_development"), True)


def check_mode(draft: Draft) -> None:
    """Refuses what does not go with the mode.

    Raises:
        BundleError: for an unknown mode, shared names or paths in development, a target in production
            whose place is not fixed, or a pipeline in development there.
    """
    if draft.mode == "development":
        _check_development(draft)
    elif draft.mode == "production":
        _check_production(draft)
    elif draft.mode:
        raise error(f"mode is {draft.mode!r}: it can be development or production", draft.config.get("bundle", "mode"))


def _check_development(draft: Draft) -> None:
    config = draft.config
    if draft.text("presets", "trigger_pause_status") == "UNPAUSED":
        message = "a target in development mode cannot set trigger_pause_status to UNPAUSED"
        raise error(message, config.get("presets", "trigger_pause_status"))
    names = (draft.user_name, draft.short_name)
    for key in PATHS:
        path = draft.text("workspace", key)
        if path and not any(name in path for name in names):
            where = (
                "contain" if key == "artifact_path" and path.startswith("/Volumes") else "start with '~/' or contain"
            )
            message = f"{key} must {where} the user's name: in development mode everybody has a copy of their own"
            raise error(message, _written(config.get("workspace", key)))
    prefix = draft.text("presets", "name_prefix")
    friendly = draft.text("workspace", "current_user", "domain_friendly_name")
    if prefix and not any(name and name in prefix for name in (*names, friendly)):
        message = "name_prefix must contain the user's name in development mode: ${workspace.current_user.short_name}"
        raise error(message, config.get("presets", "name_prefix"))


def _check_production(draft: Draft) -> None:
    for path, pipeline in draft.resources("pipelines"):
        development = pipeline.get("development")
        if development is not None and development.value is True:
            raise error(
                f"a target in production mode cannot have a pipeline with development: true ({path[-1]})", pipeline
            )
    root_path = draft.target_config.get("workspace", "root_path")
    if root_path is not None and root_path.value:
        return
    advice = "set workspace.root_path, so that only one copy is deployed"
    runs_as_somebody = all(job.get("run_as") is not None for _, job in draft.resources("jobs"))
    node = draft.config.get("bundle", "mode")
    if runs_as_somebody or is_uuid(draft.user_name):
        draft.diagnostics.recommend(f"a target in production mode should {advice}", node)
        return
    example = f"root_path: /Workspace/Users/{draft.user_name}/.bundle/${{bundle.name}}/${{bundle.target}}"
    raise error(f"a target in production mode must {advice} (for example {example})", node)


def _written(node: Node | None) -> Node | None:
    return node if node is not None and node.location is not None else None
