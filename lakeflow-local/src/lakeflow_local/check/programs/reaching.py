"""Which functions of a program can be reached from where a task begins.

By name alone: a function is reached if something that is reached mentions its name. So more is taken for reached than
is, and never less, except through `getattr` and the like.
"""

from __future__ import annotations

from lakeflow_local.check.programs.program import BundleCode, Entry
from lakeflow_local.check.programs.syntax import Scope


def reached(code: BundleCode, entry: Entry) -> list[Scope]:
    """Every body of code that runs when a task runs, or may."""
    modules = code.program(entry.module)
    waiting = [one.on_import for one in modules]
    if entry.function is None:
        waiting.append(entry.module.main)
    else:
        waiting += entry.module.scopes.get(entry.function, [])
    found: dict[Scope, None] = {}
    known: set[str] = set()
    while waiting:
        scope = waiting.pop()
        if scope in found:
            continue
        found[scope] = None
        for name in scope.names - known:
            known.add(name)
            for module in modules:
                waiting += module.scopes.get(name, [])
    return list(found)
