"""Passes the bundle's permissions on to its resources, and gives each an owner."""

from __future__ import annotations

from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft, is_uuid
from lakeflow_local.bundle.tree.nodes import Node, from_plain

LEVELS = ("CAN_MANAGE", "CAN_VIEW", "CAN_RUN")

# Kind of resource -> what the bundle's levels are called there; a level that is missing does not apply.
_NAMES: dict[str, tuple[str, str, str | None]] = {
    "jobs": ("CAN_MANAGE", "CAN_VIEW", "CAN_MANAGE_RUN"),
    "pipelines": ("CAN_MANAGE", "CAN_VIEW", "CAN_RUN"),
    "experiments": ("CAN_MANAGE", "CAN_READ", None),
    "models": ("CAN_MANAGE", "CAN_READ", None),
    "model_serving_endpoints": ("CAN_MANAGE", "CAN_VIEW", "CAN_QUERY"),
    "dashboards": ("CAN_MANAGE", "CAN_READ", None),
    "genie_spaces": ("CAN_MANAGE", "CAN_READ", None),
    "apps": ("CAN_MANAGE", "CAN_USE", None),
    "secret_scopes": ("MANAGE", "READ", None),
    "alerts": ("CAN_MANAGE", "CAN_READ", "CAN_RUN"),
    "sql_warehouses": ("CAN_MANAGE", "CAN_VIEW", "CAN_MONITOR"),
    "database_instances": ("CAN_MANAGE", "CAN_USE", None),
    "postgres_projects": ("CAN_MANAGE", "CAN_USE", None),
    "clusters": ("CAN_MANAGE", "CAN_ATTACH_TO", "CAN_RESTART"),
    "vector_search_endpoints": ("CAN_MANAGE", "CAN_USE", None),
    "instance_pools": ("CAN_MANAGE", "CAN_ATTACH_TO", None),
}
_OWNED = {"jobs", "pipelines", "sql_warehouses"}
_PRINCIPALS = ("user_name", "service_principal_name", "group_name")

# From the weakest to the strongest, over all kinds of resources.
_ORDER = (
    *("CAN_VIEW", "CAN_READ", "CAN_VIEW_METADATA", "CAN_RUN", "CAN_QUERY", "CAN_USE", "CAN_EDIT", "CAN_EDIT_METADATA"),
    *("CAN_CREATE", "CAN_ATTACH_TO", "CAN_RESTART", "CAN_MONITOR", "CAN_MANAGE_RUN", "CAN_MANAGE_STAGING_VERSIONS"),
    *("CAN_MANAGE_PRODUCTION_VERSIONS", "CAN_MANAGE", "IS_OWNER"),
)


def apply_permissions(draft: Draft) -> None:
    """Adds the bundle's permissions to every resource that can have them, then an owner for each list.

    A principal that a resource already names keeps what the resource says, with a warning.

    Raises:
        BundleError: for a level of the bundle that is none of CAN_MANAGE, CAN_VIEW, CAN_RUN.
    """
    section = draft.config.get("permissions")
    granted: list[Node] = section.value if section is not None and section.is_list else []
    for grant in granted:
        if _text(grant, "level") not in LEVELS:
            raise error(f"permission level {_text(grant, 'level')!r} can be {', '.join(LEVELS)}", grant)
    for kind, names in _NAMES.items():
        for path, resource in draft.resources(kind):
            own = resource.get("permissions")
            items: list[Node] = list(own.value) if own is not None and own.is_list else []
            items += _converted(draft, granted, items, dict(zip(LEVELS, names, strict=True)), kind, path)
            if items:
                resource.set(("permissions",), Node(items, own.locations if own else ()))
            else:
                resource.drop("permissions")
    add_owners(draft)


def recommend_deployer(draft: Draft) -> None:
    """Advises to name the deploying identity, so that whoever deploys next finds the same permissions."""
    section = draft.config.get("permissions")
    if section is None or not section.is_list or not section.value:
        return
    managers = [item for item in section.value if _text(item, "level") == "CAN_MANAGE"]
    if not any(_user(item) == draft.user_name for item in managers):
        message = f"permissions should name the deploying identity {draft.user_name}, or a group of it, with CAN_MANAGE"
        draft.diagnostics.recommend(message, section)


def warn_shared_root(draft: Draft) -> None:
    """Warns about a bundle in the shared folder that does not say that everybody may change it."""
    if not draft.text("workspace", "root_path").startswith("/Workspace/Shared/"):
        return
    section = draft.config.get("permissions")
    for item in section.value if section is not None and section.is_list else ():
        if _text(item, "group_name") == "users" and _text(item, "level") == "CAN_MANAGE":
            return
    message = "root_path lies in /Workspace/Shared, where everybody may write: give group users CAN_MANAGE, or move it"
    draft.diagnostics.warn(message, draft.config.get("workspace", "root_path"))


def _converted(
    draft: Draft, granted: list[Node], existing: list[Node], names: dict[str, str | None], kind: str, path: tuple
) -> list[Node]:
    added = []
    for grant in granted:
        level = names[_text(grant, "level")]
        if level is None:
            continue
        known = False
        for item in existing:
            for principal in _PRINCIPALS:
                name = _text(item, principal)
                if name and name == _text(grant, principal):
                    draft.diagnostics.warn(f"'{kind}' already has permissions set for '{name}'", None, path)
                    known = True
        if not known:
            principals = {key: _text(grant, key) for key in _PRINCIPALS if _text(grant, key)}
            added.append(Node({"level": Node(level), **{k: Node(v) for k, v in principals.items()}}, grant.locations))
    return added


def add_owners(draft: Draft) -> None:
    """Gives each list of permissions an owner, also one that Python code made."""
    resources = draft.config.get("resources")
    for kind, section in resources.value.items() if resources is not None and resources.is_map else ():
        if kind == "secret_scopes" or not section.is_map:
            continue
        for resource in section.value.values():
            permissions = resource.get("permissions")
            if permissions is not None and permissions.is_list:
                _own(permissions, draft.user_name, kind)
                _keep_strongest(permissions)


def _own(permissions: Node, user: str, kind: str) -> None:
    """Makes the deploying identity the owner, or a manager where somebody else owns the resource."""
    items: list[Node] = permissions.value
    owners = [item for item in items if _text(item, "level") == "IS_OWNER"]
    if any(_user(item) == user for item in owners):
        return
    managing = [item for item in items if _user(item) == user and _text(item, "level") == "CAN_MANAGE"]
    can_own = kind in _OWNED and not owners
    if managing and can_own:
        managing[-1].value["level"] = Node("IS_OWNER")
    elif not managing:
        principal = "service_principal_name" if is_uuid(user) else "user_name"
        items.append(from_plain({"level": "IS_OWNER" if can_own else "CAN_MANAGE", principal: user}))


def _keep_strongest(permissions: Node) -> None:
    """Each principal is named once, with the strongest level given to it."""
    strongest: dict[tuple[str, str], tuple[str, Node]] = {}
    for item in permissions.value:
        level = _text(item, "level")
        principal = next(((key, _text(item, key)) for key in _PRINCIPALS if _text(item, key)), None)
        if not level or principal is None:
            continue
        known = strongest.get(principal)
        if known is None or _rank(level) > _rank(known[0]):
            strongest[principal] = (level, known[1] if known else item)
    permissions.value = [
        Node({"level": Node(level), key: Node(name)}, item.locations)
        for (key, name), (level, item) in strongest.items()
    ]


def _rank(level: str) -> tuple[int, str]:
    if level in _ORDER:
        return _ORDER.index(level), level
    longest = max((known for known in _ORDER if level.startswith(known)), key=len, default="")
    return (_ORDER.index(longest) if longest else -1), level


def _user(item: Node) -> str:
    return _text(item, "user_name") or _text(item, "service_principal_name")


def _text(node: Node, field: str) -> str:
    found = node.get(field)
    return (found.text() or "") if found is not None else ""
