"""`breakpoint()` needs the terminal, which a command in the bundle's process does not own."""

from __future__ import annotations

import sys
from typing import NoReturn

from lakeflow_local.errors import UserError


def refuse_breakpoints() -> None:
    """Say what works instead, where code of the bundle calls `breakpoint()`."""

    def hook(*_: object, **__: object) -> NoReturn:
        caller = sys._getframe(1)
        message = "breakpoint() works with --no-workspace, in the command's own process: run the command again with it"
        raise UserError(message, caller.f_code.co_filename, caller.f_lineno)

    sys.breakpointhook = hook
