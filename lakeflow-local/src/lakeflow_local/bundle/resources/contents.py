"""Files that become part of the configuration: pipeline sources by glob, dashboards, alerts."""

from __future__ import annotations

import json
from typing import Any

from lakeflow_local.bundle.resources.libraries import is_local_path
from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.files import glob, has_glob
from lakeflow_local.bundle.tree.nodes import Node
from lakeflow_local.bundle.tree.syntax import has_reference

_ALERT_IN_YAML = ("warehouse_id", "display_name", "file_path", "permissions", "lifecycle")
_SERIALIZED = {"dashboards": "serialized_dashboard", "genie_spaces": "serialized_space"}


def expand_library_globs(draft: Draft) -> None:
    """Replaces `file` and `notebook` libraries whose path is a pattern by one library a file."""
    for _, pipeline in draft.resources("pipelines"):
        libraries = pipeline.get("libraries")
        if libraries is None or not libraries.is_list:
            continue
        expanded: list[Node] = []
        for library in libraries.value:
            expanded.extend(_expanded(draft, library))
        libraries.value = expanded


def _expanded(draft: Draft, library: Node) -> list[Node]:
    for kind in ("notebook", "file"):
        path = library.get(kind, "path")
        if path is None or not isinstance(path.value, str):
            continue
        if not path.value or not is_local_path(path.value) or not has_glob(path.value):
            return [library]
        found = glob(draft.root, path.value)
        copies = []
        for file in found:
            copy = library.copy()
            copy.value[kind].value["path"] = Node(file.relative_to(draft.root).as_posix(), path.locations, path.key)
            copies.append(copy)
        return copies or [library]
    return [library]


def read_dashboards(draft: Draft) -> None:
    """Puts the text of a dashboard's (or Genie space's) file into its definition."""
    for kind, field in _SERIALIZED.items():
        for _, resource in draft.resources(kind):
            path, inline = resource.get("file_path"), resource.get(field)
            if path is None or not isinstance(path.value, str):
                if kind == "genie_spaces" and inline is not None and (inline.is_map or inline.is_list):
                    text = json.dumps(inline.plain(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                    resource.set((field,), text)
                continue
            if kind == "genie_spaces" and inline is not None and not inline.is_null:
                raise error(f"file_path and {field} are both set: keep one", inline)
            try:
                resource.set((field,), (draft.sync_root / path.value).read_text(encoding="utf-8"))
            except OSError as problem:
                raise error(f"{path.value} cannot be read: {problem.strerror}", path) from problem


def read_alerts(draft: Draft) -> None:
    """Fills an alert from its `.dbalert.json` file; YAML then holds only what that file cannot.

    Raises:
        BundleError: if the file is missing, is no JSON, holds a reference, or YAML says what it should say.
    """
    for path, alert in draft.resources("alerts"):
        file = alert.get("file_path")
        if file is None or not file.value:
            continue
        for key, node in alert.value.items():
            if key not in _ALERT_IN_YAML and not node.is_null:
                raise error(f"{key} of alert {path[-1]} belongs into its file {file.value}", node)
        content = _alert_file(draft, file)
        for lines, text in (("query_lines", "query_text"), ("custom_description_lines", "custom_description")):
            parts = content.pop(lines, None)
            content.pop(text, None)
            if parts:
                content[text] = "".join(f"{line}\n" for line in parts)
        for own in ("display_name", "warehouse_id"):
            content.pop(own, None)
        for key, value in content.items():
            alert.set((key,), value)


def _alert_file(draft: Draft, file: Node) -> dict[str, Any]:
    try:
        text = (draft.root / file.value).read_text(encoding="utf-8")
        content = json.loads(text)
    except OSError as problem:
        raise error(f"{file.value} cannot be read: {problem.strerror}", file) from problem
    except ValueError as problem:
        raise error(f"{file.value} is no JSON: {problem}", file) from problem
    if has_reference(text):
        raise error(f"{file.value} must not hold references; write the alert in YAML to use variables", file)
    return content if isinstance(content, dict) else {}
