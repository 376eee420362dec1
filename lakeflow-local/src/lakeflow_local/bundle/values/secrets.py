"""Secrets: their values come from outside, and are never shown."""

from __future__ import annotations

from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.nodes import Node, matches
from lakeflow_local.bundle.tree.syntax import REFERENCE

HIDDEN = "[redacted]"


def check_secrets(draft: Draft) -> None:
    """A secret's value is a reference to a variable without default: anything else would be in the repository.

    Raises:
        BundleError: for a value that is written down.
    """
    for path, value in matches(draft.config, "resources.secrets.*.value"):
        match = REFERENCE.fullmatch(str(value.value))
        if match is None:
            raise error(f"the value of secret {path[2]} must be a variable reference such as ${{var.my_secret}}", value)
        names = match.group(1).split(".")
        default = draft.config.get("variables", names[1], "default") if names[0] == "var" else None
        if default is not None:
            raise error(f"variable {names[1]} holds secret {path[2]} and must have no default", default)
        draft.secret_variables.add(names[1])
    for path, scope in draft.resources("secret_scopes"):
        permissions = scope.get("permissions")
        for item in permissions.value if permissions is not None and permissions.is_list else ():
            if not any(item.get(field) for field in ("user_name", "group_name", "service_principal_name")):
                raise error(f"a permission of secret scope {path[-1]} names no user, group or service principal", item)


def hide_secrets(draft: Draft) -> None:
    """Replaces the values of secrets, and of the variables that hold them."""
    for _, value in matches(draft.config, "resources.secrets.*.value"):
        value.value = HIDDEN
    for name in draft.secret_variables:
        variable = draft.config.get("variables", name)
        if variable is not None and variable.get("value") is not None:
            variable.value["value"] = Node(HIDDEN)
