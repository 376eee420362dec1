"""`run_as`: under which identity jobs, pipelines and alerts run."""

from __future__ import annotations

from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.nodes import Node

_UNSUPPORTED = ("model_serving_endpoints", "quality_monitors", "apps")


def apply_run_as(draft: Draft) -> None:
    """Gives the bundle's `run_as` to every job, pipeline and alert that has none of its own.

    Raises:
        BundleError: if it names no identity or two, or if a resource cannot run as somebody else.
    """
    run_as = draft.config.get("run_as")
    if run_as is None:
        return
    principal, user = _text(run_as, "service_principal_name"), _text(run_as, "user_name")
    if not principal and not user:
        raise error("run_as must name exactly one identity: service_principal_name or user_name", run_as)
    legacy = draft.config.get("experimental", "use_legacy_run_as")
    if legacy is not None and legacy.value is True:
        draft.diagnostics.warn(
            "the legacy mode of run_as may be removed: it makes its identity the pipelines' owner", legacy
        )
        _own_pipelines(draft, principal, user)
        _set(draft, ("jobs",), principal, user)
        return
    if principal and user:
        raise error("run_as cannot name both user_name and service_principal_name", run_as)
    if (principal or user) != draft.user_name:
        _check_supported(draft)
    _set(draft, ("jobs", "pipelines", "alerts"), principal, user)


def _set(draft: Draft, kinds: tuple[str, ...], principal: str, user: str) -> None:
    value = {"service_principal_name": principal} if principal else {"user_name": user}
    for kind in kinds:
        for _, resource in draft.resources(kind):
            if resource.get("run_as") is None:
                resource.set(("run_as",), value)


def _check_supported(draft: Draft) -> None:
    reason = "cannot run as another identity than the one that deploys"
    for kind in _UNSUPPORTED:
        if draft.resources(kind):
            raise error(f"{kind} {reason}", draft.config.get("resources", kind))
    for path, dashboard in draft.resources("dashboards"):
        embedded = dashboard.get("embed_credentials")
        if embedded is not None and embedded.value is True:
            raise error(f"dashboard {path[-1]} has embed_credentials: true: it {reason}", dashboard)


def _own_pipelines(draft: Draft, principal: str, user: str) -> None:
    if draft.user_name in (principal, user):
        return
    for _, pipeline in draft.resources("pipelines"):
        own = pipeline.get("permissions")
        items = [
            item
            for item in (own.value if own is not None and own.is_list else [])
            if not (principal and _text(item, "service_principal_name") == principal)
            and not (user and _text(item, "user_name") == user)
        ]
        owner = {"service_principal_name": Node(principal)} if principal else {"user_name": Node(user)}
        pipeline.set(("permissions",), Node([*items, Node({"level": Node("IS_OWNER"), **owner})]))


def _text(node: Node, field: str) -> str:
    found = node.get(field)
    return (found.text() or "") if found is not None else ""
