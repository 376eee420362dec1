"""Loads a bundle: the steps, in the order in which the CLI takes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lakeflow_local.bundle.resolved import Bundle
from lakeflow_local.bundle.resources.artifacts import prepare_artifacts
from lakeflow_local.bundle.resources.catalogs import capture_dependencies, set_volume_paths
from lakeflow_local.bundle.resources.clusters import fit_clusters, warn_single_node
from lakeflow_local.bundle.resources.compute import check_compute, override_compute
from lakeflow_local.bundle.resources.contents import expand_library_globs, read_alerts, read_dashboards
from lakeflow_local.bundle.resources.defaults import annotate, set_defaults
from lakeflow_local.bundle.resources.permissions import (
    add_owners,
    apply_permissions,
    recommend_deployer,
    warn_shared_root,
)
from lakeflow_local.bundle.resources.presets import apply_presets
from lakeflow_local.bundle.resources.serving import convert_served_models
from lakeflow_local.bundle.resources.task_order import warn_task_order
from lakeflow_local.bundle.resources.translating import normalize_paths, translate_dashboard_paths, translate_paths
from lakeflow_local.bundle.shapes import sections
from lakeflow_local.bundle.shapes.checks import check_keys, check_shapes, check_written
from lakeflow_local.bundle.shapes.normalizing import drop_empty_texts, normalize
from lakeflow_local.bundle.shapes.resource_shapes import resources
from lakeflow_local.bundle.steps.cli_version import check_cli_version
from lakeflow_local.bundle.steps.identity import apply_run_as
from lakeflow_local.bundle.steps.includes import load_files, root_file
from lakeflow_local.bundle.steps.modes import apply_mode, check_mode
from lakeflow_local.bundle.steps.patterns import warn_unmatched_patterns
from lakeflow_local.bundle.steps.places import (
    check_volume_paths,
    drop_doubled_prefix,
    fill_git,
    fill_identity,
    fill_paths,
)
from lakeflow_local.bundle.steps.python_code import LOAD, MUTATE, run_python
from lakeflow_local.bundle.steps.syncing import anchor_patterns, infer_sync_root
from lakeflow_local.bundle.steps.targets import prepare_targets, select_target
from lakeflow_local.bundle.tree.diagnostics import Diagnostics
from lakeflow_local.bundle.tree.draft import Draft, Workspace
from lakeflow_local.bundle.tree.limits import deep_values
from lakeflow_local.bundle.tree.merging import join_keyed_lists
from lakeflow_local.bundle.tree.nodes import Node, matches
from lakeflow_local.bundle.values.dependencies import check_references
from lakeflow_local.bundle.values.references import Resolver
from lakeflow_local.bundle.values.secrets import check_secrets, hide_secrets
from lakeflow_local.bundle.values.variables import assign_given, assign_values, resolve_lookups
from lakeflow_local.errors import BundleError, UserError
from lakeflow_local.settings import load_settings


def load(
    root: Path | str,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    workspace: Workspace | None = None,
    strict: bool = True,
    tolerant: bool = False,
    run_python: bool = True,
) -> Bundle:
    """Loads and resolves a bundle for one target, as `databricks bundle validate` does, without a workspace.

    Args:
        root: The folder of `databricks.yml`.
        target: The target; by default the one that is marked as default, or the only one.
        variables: Values of variables, as with `--var`.
        workspace: What stands in for the workspace: who deploys, what lookups answer. By default the user of
            this machine, and `[tool.lakeflow-local.lookups]` of the bundle's `pyproject.toml`.
        strict: Whether a reference to a resource that is not there is an error; without it a warning.
        tolerant: Whether loading goes on over what a deployment would refuse, as long as there is something to look
            at: `Bundle.refused` and `Bundle.unset` then hold it.
        run_python: Whether the bundle's own Python code, which may define resources, is run; without it they are not
            there.

    Raises:
        UserError: one line, with file and line where the mistake stands in one.
    """
    with deep_values():
        folder = Path(root).resolve()
        diagnostics = Diagnostics(folder, is_tolerant=tolerant)
        return _loaded(folder, target, variables, workspace, strict, run_python, diagnostics)


def _loaded(
    folder: Path,
    target: str | None,
    variables: Mapping[str, str] | None,
    workspace: Workspace | None,
    strict: bool,
    run_python: bool,
    diagnostics: Diagnostics,
) -> Bundle:
    try:
        config = load_files(folder, diagnostics)
        if workspace is None:
            settings = load_settings(folder)
            workspace = Workspace(user_name=settings.user_name, lookups=settings.lookups)
        draft = Draft(folder, config, diagnostics, workspace=workspace, runs_python=run_python)
        with diagnostics.tolerating("bundle", "databricks_cli_version"):
            check_cli_version(draft)
        prepare_targets(draft)
        check_keys(draft)
        select_target(draft, target)
        assign_given(draft, variables or {})
        _initialize(draft)
        with diagnostics.tolerating("references"):
            check_references(draft, strict=strict)
        hide_secrets(draft)
    except UserError as problem:
        for one in (problem, *problem.others):
            one.root = folder
            if isinstance(one, BundleError) and one.file is None:  # what no file says is missing from the root file
                one.file, one.line = root_file(folder), 1
        if isinstance(problem, BundleError):
            problem.warnings = tuple(f"{note.severity.capitalize()}: {note}" for note in diagnostics.notes)
        raise
    return Bundle(draft)


def _initialize(draft: Draft) -> None:
    tolerating = draft.diagnostics.tolerating
    check_written(draft)
    with tolerating("resources"):
        check_secrets(draft)
    anchor_patterns(draft)
    infer_sync_root(draft)
    fill_identity(draft)
    fill_git(draft)
    fill_paths(draft)
    drop_doubled_prefix(draft)
    assign_values(draft)
    resolve_lookups(draft)
    _resolve(draft, outside_resources=True)
    with tolerating("workspace"):
        check_volume_paths(draft)
    apply_mode(draft)
    run_python(draft, LOAD)
    _initialize_resources(draft)
    if run_python(draft, MUTATE):
        _resolve(draft, outside_resources=False)
        normalize_paths(draft)
        join_keyed_lists(draft.config)
        add_owners(draft)
    set_volume_paths(draft)
    _drop_empty_texts(draft)
    check_shapes(draft)
    recommend_deployer(draft)
    translate_paths(draft)
    with tolerating("artifacts"):
        prepare_artifacts(draft)
    with tolerating("bundle", "mode"):
        check_mode(draft)
    warn_shared_root(draft)
    annotate(draft)
    with tolerating("resources"):
        check_compute(draft)
    warn_unmatched_patterns(draft)
    warn_task_order(draft)


def _initialize_resources(draft: Draft) -> None:
    _resolve(draft, outside_resources=False)
    normalize_paths(draft)
    translate_dashboard_paths(draft)
    if not any(node.is_map and node.value for _, node in matches(draft.config, "resources.*")):
        return  # as in the CLI, settings that only resources use are then not looked at
    expand_library_globs(draft)
    join_keyed_lists(draft.config)
    capture_dependencies(draft)
    with draft.diagnostics.tolerating("resources"):
        read_dashboards(draft)
    with draft.diagnostics.tolerating("resources"):
        read_alerts(draft)
    warn_single_node(draft)
    fit_clusters(draft)
    convert_served_models(draft)
    with draft.diagnostics.tolerating("run_as"):
        apply_run_as(draft)
    override_compute(draft)
    apply_presets(draft)
    set_defaults(draft)
    apply_permissions(draft)


def _resolve(draft: Draft, *, outside_resources: bool) -> None:
    """Resolves references in one half of the configuration, then fits that half to the schema again."""
    resolver = Resolver(draft.config)
    config = draft.config
    half = {key: section for key, section in config.value.items() if (key != "resources") == outside_resources}
    for section in half.values():
        resolver.resolve(section)
    fitted = normalize(Node(half, config.locations, config.key), sections.root(), draft.diagnostics)
    assert fitted is not None  # a map always fits the root record
    value = {key: fitted.value.get(key) if key in half else section for key, section in config.value.items()}
    value = {key: section for key, section in value.items() if section is not None}
    draft.config = Node(value, config.locations, config.key, anchor=config.anchor)


def _drop_empty_texts(draft: Draft) -> None:
    section = draft.config.get("resources")
    if section is not None:
        drop_empty_texts(section, resources())
    for _, app in draft.resources("apps"):
        # The apps API answers "" where none is set, so the CLI always sends one.
        if app.get("description") is None:
            app.set(("description",), "")
