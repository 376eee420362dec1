"""The frame around the examples of rules, so that each shows the lines that matter."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent, indent


def job_bundle(tasks: str, settings: str = "", top: str = "") -> str:
    """A bundle with one job.

    Args:
        tasks: The items of its `tasks`.
        settings: Other fields of the job.
        top: Other sections of the bundle.
    """
    text = "bundle:\n  name: fleet\n" + _block(top, 0)
    text += "resources:\n  jobs:\n    nightly:\n      name: nightly\n" + _block(settings, 6)
    return text + "      tasks:\n" + _block(tasks, 8)


def bundle(text: str, files: Mapping[str, str] | None = None) -> dict[str, str]:
    """A root file with a name, and other files."""
    return {
        "databricks.yml": "bundle:\n  name: fleet\n" + _block(text, 0),
        **{k: dedent(v).lstrip() for k, v in (files or {}).items()},
    }


def _block(text: str, depth: int) -> str:
    clean = dedent(text).strip("\n")
    return indent(clean, " " * depth) + "\n" if clean else ""
