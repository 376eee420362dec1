"""Gives every variable its value.

In this order, the first that there is: what the caller passes (`--var`), `BUNDLE_VAR_<name>`, a lookup,
`.databricks/bundle/<target>/variable-overrides.json`, the target's default, the default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from lakeflow_local.bundle.shapes.sections import LOOKUP_KINDS
from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft
from lakeflow_local.bundle.tree.nodes import Node, from_plain, walk
from lakeflow_local.bundle.tree.source import read
from lakeflow_local.bundle.tree.syntax import REFERENCE
from lakeflow_local.bundle.values.references import Resolver
from lakeflow_local.errors import BundleError, ChoiceError


def assign_given(draft: Draft, given: Mapping[str, str]) -> None:
    """Sets the variables that the caller passes.

    Raises:
        ChoiceError: for one that is not declared, or that is complex.
    """
    for name, value in given.items():
        variable = draft.config.get("variables", name)
        if variable is None:
            raise ChoiceError(f"variable {name} is not declared (declared: {_declared(draft)})")
        if _is_complex(variable):
            raise ChoiceError(f"variable {name} is complex and cannot be set from the command line")
        variable.value["value"] = from_plain(value)


def assign_values(draft: Draft) -> None:
    """Sets every variable that has no value yet, except those with a lookup.

    Raises:
        BundleError: if a variable has no value at all, or one of the wrong kind.
    """
    overrides = _overrides(draft)
    for name, variable in _variables(draft):
        if variable.get("value") is not None:
            continue
        from_environment = os.environ.get(f"BUNDLE_VAR_{name}")
        if from_environment is not None:
            if _is_complex(variable):
                raise error(f"variable {name} is complex and cannot be set by BUNDLE_VAR_{name}", variable)
            variable.value["value"] = from_plain(from_environment)
        elif variable.get("lookup") is not None:
            continue
        elif (override := overrides.get(name)) is not None and not override.is_null:
            if _is_complex(variable) != (override.is_map or override.is_list):
                kind = "is" if _is_complex(variable) else "is not"
                raise error(
                    f"variable {name} {kind} complex, its value here {'is not' if kind == 'is' else 'is'}", override
                )
            variable.value["value"] = override
        elif (default := variable.get("default")) is not None:
            variable.value["value"] = default.copy()
        else:
            message = (
                f"variable {name} has no value: give it a default here or in the target, "
                f"pass --var {name}=…, or set BUNDLE_VAR_{name}"
            )
            draft.unset.add(name)
            if not draft.diagnostics.is_tolerant:
                draft.diagnostics.add(error(message, variable))
    draft.diagnostics.stop_if_wrong()


def resolve_lookups(draft: Draft) -> None:
    """Answers `lookup` from the stand-in for the workspace; what it does not know gets a name of its own.

    There is no workspace to ask, so the id is made up as `<kind>:<name>`: nobody takes it for a real one,
    and it is the same on every run. The CLI, which does ask, fails for a name that does not exist.

    Raises:
        BundleError: for a lookup with no kind or several, or one that needs another lookup.
    """
    resolver = Resolver(draft.config)
    looked_up = {name for name, variable in _variables(draft) if variable.get("lookup") is not None}
    for name, variable in _variables(draft):
        lookup = variable.get("lookup")
        if lookup is None:
            continue
        for _, node in walk(lookup):
            for reference in REFERENCE.findall(node.value) if isinstance(node.value, str) else ():
                if reference.removeprefix("var.").split(".")[0] in looked_up and reference.startswith("var."):
                    raise error("a lookup cannot depend on a variable that is looked up itself", node)
        resolver.resolve(lookup)
        if variable.get("value") is not None:
            continue
        kinds = [kind for kind in LOOKUP_KINDS if lookup.get(kind) is not None]
        if len(kinds) != 1:
            raise error(f"a lookup names exactly one kind of object ({', '.join(LOOKUP_KINDS)})", lookup)
        kind, wanted = kinds[0], str(lookup.value[kinds[0]].value)
        found = draft.workspace.lookups.get(kind, {}).get(wanted, f"{kind}:{wanted}")
        variable.value["value"] = from_plain(found)
        draft.lookups[name] = found


def _overrides(draft: Draft) -> Mapping[str, Node]:
    path = draft.root / ".databricks" / "bundle" / draft.target / "variable-overrides.json"
    if not path.is_file():
        return {}
    node = read(path)
    if not node.is_map:
        raise BundleError('must be a JSON object: {"name": "value", …}', path, 1)
    return node.value


def _variables(draft: Draft) -> list[tuple[str, Node]]:
    section = draft.config.get("variables")
    return list(section.value.items()) if section is not None and section.is_map else []


def _is_complex(variable: Node) -> bool:
    kind = variable.get("type")
    return kind is not None and kind.value == "complex"


def _declared(draft: Draft) -> str:
    return ", ".join(sorted(name for name, _ in _variables(draft))) or "none"
