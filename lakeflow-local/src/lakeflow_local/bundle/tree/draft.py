"""The bundle while it is being loaded, and the stand-in for the workspace that is not there."""

from __future__ import annotations

import getpass
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lakeflow_local.bundle.tree.diagnostics import Diagnostics
from lakeflow_local.bundle.tree.nodes import Node, NodePath


@dataclass(frozen=True)
class Workspace:
    """What a workspace would answer while a bundle is loaded.

    Attributes:
        user_name: Who deploys: an e-mail address, or the application id (a UUID) of a service principal.
        display_name: That identity's name, if it has one.
        host: The workspace's address where neither the bundle nor the target names one.
        lookups: Kind of object -> its name -> its id, for variables with `lookup`.
    """

    user_name: str = ""
    display_name: str = ""
    host: str = ""
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def identity(self) -> dict[str, str]:
        """The deploying identity, as `workspace.current_user` shows it."""
        user_name = self.user_name or f"{_login_name()}@localhost"
        short_name = normalize_name(
            (self.display_name if is_uuid(user_name) and self.display_name else user_name).partition("@")[0]
        )
        identity = {
            "userName": user_name,
            "short_name": short_name,
            "domain_friendly_name": re.sub(r"[^A-Za-z0-9]", "-", short_name).lower(),
        }
        return identity | ({"displayName": self.display_name} if self.display_name else {})


@dataclass
class Draft:
    """A bundle on its way from files to the resolved configuration.

    Attributes:
        root: The folder of `databricks.yml`.
        config: The configuration so far.
        diagnostics: Warnings and recommendations.
        target: The target's name, once it is selected.
        target_names: All targets, in the order in which they are written.
        target_config: The target's own section, before it was merged.
        sync_root: The folder that holds everything that is synchronised: `root`, or one above it.
        workspace: The stand-in for the workspace.
        lookups: Variable -> the id that was put in place of a lookup.
        secret_variables: The variables that hold secrets.
        unset: The variables that have no value; `${var.<name>}` then stays as it is written.
        runs_python: Whether resources that Python code defines are loaded, which runs that code.
    """

    root: Path
    config: Node
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    target: str = ""
    target_names: tuple[str, ...] = ()
    target_config: Node = field(default_factory=lambda: Node({}))
    sync_root: Path = Path()
    workspace: Workspace = field(default_factory=Workspace)
    lookups: dict[str, str] = field(default_factory=dict)
    secret_variables: set[str] = field(default_factory=set)
    unset: set[str] = field(default_factory=set)
    runs_python: bool = True

    def text(self, *path: str | int) -> str:
        """The string at a path, or ""."""
        node = self.config.get(*path)
        return (node.text() or "") if node is not None else ""

    def resources(self, kind: str) -> list[tuple[NodePath, Node]]:
        """The resources of one kind, with their paths."""
        section = self.config.get("resources", kind)
        if section is None or not section.is_map:
            return []
        return [(("resources", kind, key), node) for key, node in section.value.items() if node.is_map]

    @property
    def mode(self) -> str:
        return self.text("bundle", "mode")

    @property
    def user_name(self) -> str:
        return self.text("workspace", "current_user", "userName")

    @property
    def short_name(self) -> str:
        return self.text("workspace", "current_user", "short_name")


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that no user has.
        return "somebody"


def normalize_name(text: str) -> str:
    """Lower case, with every run of other than letters and digits turned into one underscore."""
    replaced = "".join(char if char.isalpha() or char.isdigit() else "_" for char in text.lower())
    return re.sub("_+", "_", replaced).strip("_")


def is_uuid(text: str) -> bool:
    """Whether a user name is a service principal's: the CLI takes every UUID for one."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
