"""References between resources: each names one that exists, and none leads back to where it starts."""

from __future__ import annotations

from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.nodes import Node, NodePath, walk
from lakeflow_local.bundle.tree.syntax import REFERENCE


def check_references(draft: Draft, *, strict: bool) -> None:
    """Every `${resources.kind.key…}` names a resource of the bundle, and none leads back to itself.

    Args:
        strict: A name that is not there, and a circle of resources, are errors, as for a deployment or a run; else
            warnings, as validating a bundle with the CLI lets them pass.

    Raises:
        BundleError: for the first reference that does not hold.
    """
    resources = draft.config.get("resources")
    edges: dict[str, set[str]] = {}
    for path, node in walk(draft.config):
        if not isinstance(node.value, str) or "${resources." not in node.value or path[0] == "variables":
            continue
        for reference in REFERENCE.findall(node.value):
            parts = reference.split(".")
            if parts[0] != "resources" or len(parts) < 3:
                continue
            kind, key = parts[1], parts[2].split("[")[0]
            if resources is None or resources.get(kind, key) is None:
                known = resources.get(kind) if resources is not None else None
                names = ", ".join(sorted(known.value)) if known is not None and known.is_map else "none"
                message = f"${{{reference}}}: there is no {kind}.{key} (there are: {names})"
                if strict:
                    raise error(message, node)
                draft.diagnostics.warn(f"{message}; it cannot be deployed or run", node, path)
                continue
            if path[0] == "resources" and len(path) >= 3:
                source, goal = f"{path[1]}.{path[2]}", f"{kind}.{key}"
                if source == goal:
                    _check_self_reference(draft, node, reference, path)
                else:
                    edges.setdefault(source, set()).add(goal)
    _check_circles(draft, edges, strict=strict)


def _check_self_reference(draft: Draft, node: Node, reference: str, path: NodePath) -> None:
    if reference == ".".join(str(step) for step in path if isinstance(step, str)):
        raise error(f"references go round in a circle: {reference}", node)


def _check_circles(draft: Draft, edges: dict[str, set[str]], *, strict: bool) -> None:
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> None:
        if name in trail:
            circle = " -> ".join([*trail[trail.index(name) :], name])
            message = f"references go round in a circle: {circle}"
            path = ("resources", *name.split(".", 1))
            if strict:
                raise error(message, draft.config.get(*path))
            draft.diagnostics.warn(f"{message}; it cannot be deployed or run", draft.config.get(*path), path)
            return
        if name in done:
            return
        for goal in sorted(edges.get(name, ())):
            visit(goal, [*trail, name])
        done.add(name)

    for name in sorted(edges):
        visit(name, [])
