"""A bundle as it was resolved for one target: what a deployment would see, and where it was written."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from lakeflow_local.bundle.tree.diagnostics import Note
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.limits import deep_values
from lakeflow_local.bundle.tree.nodes import Location, Node, from_plain, parse, walk
from lakeflow_local.bundle.values.references import PREFIXES, Resolver
from lakeflow_local.errors import BundleError


class Bundle:
    """A resolved bundle.

    Attributes:
        root: The folder of `databricks.yml`.
        sync_root: The folder that a deployment puts under `workspace.file_path`: `root`, or one above it.
        target: The selected target.
        target_names: All targets of the bundle.
        target_tree: The selected target's own section, as it is written.
        config: What `databricks bundle validate -o json` prints, as plain values.
        lookups: Variable -> the stand-in for an id that only a workspace knows.
        tree: `config`, where every key and value knows its place.
        refused: What a deployment would refuse, by path, of a bundle that was loaded tolerantly.
        unset: The variables without a value, of such a bundle.
        ran_python: Whether the bundle's own Python code could define resources.
    """

    def __init__(self, draft: Draft) -> None:
        self.root: Path = draft.root
        self.sync_root: Path = draft.sync_root
        self.target: str = draft.target
        self.target_names = draft.target_names
        self.target_tree = draft.target_config
        self.config: dict[str, Any] = _printable(draft.config)
        self.lookups: Mapping[str, str] = dict(draft.lookups)
        self.tree = draft.config
        self.refused = tuple(draft.diagnostics.refused)
        self.unset = frozenset(draft.unset)
        self.ran_python = draft.runs_python
        self._notes = tuple(draft.diagnostics.notes)

    @property
    def resources(self) -> dict[str, Any]:
        """The resources, by kind and key; references to each other stand as they are written."""
        return self.config.get("resources") or {}

    @cached_property
    def variables(self) -> dict[str, Any]:
        """Every variable's value."""
        return {name: entry.get("value") for name, entry in (self.config.get("variables") or {}).items()}

    @property
    def warnings(self) -> tuple[Note, ...]:
        """What `validate --strict` would refuse; each prints as `path:line: message`."""
        return tuple(note for note in self._notes if note.severity == "warning")

    @property
    def recommendations(self) -> tuple[Note, ...]:
        """Advice that breaks nothing."""
        return tuple(note for note in self._notes if note.severity == "recommendation")

    def locate(self, path: str) -> Location | None:
        """Where something of the configuration is written.

        Args:
            path: For example `resources.jobs.nightly.tasks[0].max_retries`, with the positions of the resolved
                configuration.

        Returns:
            The place of its key (of an item in a list: of the item), or of the nearest thing around it that
            is written in a file: a default is found where the resource is defined.
        """
        place: Location | None = None
        node: Node | None = self.tree
        for step in parse(path):
            node = node.get(step) if node is not None else None
            if node is None:
                break
            place = (node.key or node.location) or place
        return place

    def resolve(self, value: Any) -> Any:
        """Replaces every reference in a text, or in all texts of a list or map, also those to resources.

        A resource's own fields are looked up. What a workspace would make up stands for itself here: the `id`
        of a schema is `catalog.schema`, that of any other resource its key.

        Raises:
            BundleError: for a reference that does not exist or leads back to itself.
        """
        with deep_values():
            node = from_plain(value)
            Resolver(self._with_ids, (*PREFIXES, "resources", "artifacts", "targets", "sync")).resolve(node)
            return node.plain()

    @cached_property
    def _with_ids(self) -> Node:
        tree = self.tree.copy()
        resources = tree.get("resources")
        for kind, section in resources.value.items() if resources is not None and resources.is_map else ():
            for key, resource in section.value.items() if section.is_map else ():
                if resource.is_map and "id" not in resource.value:
                    own = (
                        f"${{resources.{kind}.{key}.catalog_name}}.${{resources.{kind}.{key}.name}}"
                        if kind == "schemas"
                        else key
                    )
                    resource.value["id"] = Node(own)
        return tree

    def resource(self, kind: str, key: str) -> dict[str, Any]:
        """One resource with every reference resolved, ready to be run.

        Raises:
            BundleError: if there is none; the message lists what there is.
        """
        section = self.resources.get(kind) or {}
        if key not in section:
            raise BundleError(f"there is no {kind}.{key} (there are: {', '.join(sorted(section)) or 'none'})")
        return self.resolve(section[key])

    def pipeline(self, key: str) -> dict[str, Any]:
        """A pipeline, ready to be run, with the paths of its files on this machine.

        Raises:
            BundleError: if there is none.
        """
        found = self.resource("pipelines", key)
        deployed = (self.config.get("workspace") or {}).get("file_path")
        for name in ("libraries", "root_path") if deployed else ():
            if name in found:
                found[name] = _moved(found[name], deployed, str(self.sync_root))
        return found


def _moved(value: Any, old: str, new: str) -> Any:
    """The value with another folder at the beginning of its paths."""
    if isinstance(value, str):
        return new + value[len(old) :] if value == old or value.startswith(old + "/") else value
    if isinstance(value, Mapping):
        return {key: _moved(item, old, new) for key, item in value.items()}
    return [_moved(item, old, new) for item in value] if isinstance(value, list) else value


def _printable(tree: Node) -> dict[str, Any]:
    """Plain values; a whole float is printed as an integer, as Go prints it."""
    copy = tree.copy()
    for _, node in walk(copy):
        if isinstance(node.value, float) and node.value.is_integer() and abs(node.value) < 1e21:
            node.value = int(node.value)
    return copy.plain()
