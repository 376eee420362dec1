"""Chooses a target and lays its section over the bundle."""

from __future__ import annotations

from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.merging import merge
from lakeflow_local.bundle.tree.nodes import Node
from lakeflow_local.errors import ChoiceError

_MERGED = ("bundle", "workspace", "artifacts", "resources", "sync", "permissions", "presets")


def prepare_targets(draft: Draft) -> None:
    """Brings older spellings (`environments`, `compute_id`) to the present one; at least one target exists."""
    config = draft.config
    environments = config.get("environments")
    if environments is not None:
        if config.get("targets") is not None:
            raise error("both environments and targets are given; keep targets", environments)
        config.value["targets"] = environments
        config.drop("environments")
    targets = config.get("targets")
    if targets is not None and isinstance(targets.value, str):
        raise error("targets: expected a map, found string", targets)
    if targets is None or not targets.is_map or not targets.value:
        config.set(("targets", "default"), {})
        targets = config.get("targets")
    assert targets is not None
    for node in [config.get("bundle"), *targets.value.values()]:
        old = node.get("compute_id") if node is not None and node.is_map else None
        if node is not None and old is not None:
            draft.diagnostics.warn("compute_id is deprecated, use cluster_id", old)
            node.value["cluster_id"] = old
            node.drop("compute_id")
    variables = config.get("variables")
    for name, node in variables.value.items() if variables is not None and variables.is_map else ():
        if node.is_null:
            variables.value[name] = Node({}, node.locations, node.key)


def select_target(draft: Draft, name: str | None) -> None:
    """Selects the named target, or the default one, and merges its section.

    Raises:
        ChoiceError: if there is no such target, or none is the default one.
        BundleError: if the target sets a variable that is not declared, or a value of another kind.
    """
    targets = draft.config.get("targets")
    assert targets is not None  # prepare_targets made one
    draft.target_names = tuple(targets.value)
    draft.target = name or _default(targets)
    chosen = targets.get(draft.target)
    if chosen is None:
        raise ChoiceError(f"{draft.target}: no such target (there are: {', '.join(targets.value)})")
    if chosen.is_null:
        chosen = Node({}, chosen.locations, chosen.key)
    draft.target_config = chosen.copy()
    _merge_target(draft, chosen)
    for key in ("target", "environment"):
        draft.config.set(("bundle", key), draft.target)
    draft.config.drop("targets")


def _default(targets: Node) -> str:
    if len(targets.value) == 1:
        return next(iter(targets.value))
    defaults = []
    for name, target in targets.value.items():
        flag = target.get("default")
        if flag is not None and flag.value is True:
            defaults.append(name)
    names = ", ".join(targets.value)
    if not defaults:
        raise ChoiceError(f"no target is the default one: name a target with -t (there are: {names})")
    if len(defaults) > 1:
        raise ChoiceError(
            f"several targets are marked as default ({', '.join(defaults)}): keep one, or name a target with -t"
        )
    return defaults[0]


def _merge_target(draft: Draft, target: Node) -> None:
    config = draft.config
    for section in _MERGED:
        over = target.get(section)
        if over is not None:
            base = config.get(section)
            config.value[section] = over if base is None else merge(base, over)
    _merge_variables(config, target)
    if (run_as := target.get("run_as")) is not None:
        config.value["run_as"] = run_as
    for key in ("mode", "cluster_id"):
        if (value := target.get(key)) is not None:
            config.set(("bundle", key), value)
    if (git := target.get("git")) is not None:
        base = config.get("bundle", "git")
        config.set(("bundle", "git"), git if base is None else merge(base, git))


def _merge_variables(config: Node, target: Node) -> None:
    overrides = target.get("variables")
    declared = config.get("variables")
    for name, override in overrides.value.items() if overrides is not None and overrides.is_map else ():
        variable = declared.get(name) if declared is not None else None
        if variable is None:
            names = ", ".join(sorted(declared.value)) if declared is not None and declared.is_map else "none"
            raise error(f"variable {name} is not declared but is given a value (declared: {names})", override)
        for key, other in (("default", "lookup"), ("lookup", "default")):
            value = override.get(key)
            if value is not None:
                # A target's default takes the place of a lookup, and the other way round.
                variable.value[key] = value
                variable.drop(other)
