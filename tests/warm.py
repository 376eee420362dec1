"""Commands that share one warm process of their own, as those of a person at a terminal do."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_process() -> Iterator[dict[str, str]]:
    """The environment of such commands. Processes that others have started are not seen by it."""
    kept = {name: value for name, value in os.environ.items() if name != "CI" and "LAKEFLOW_LOCAL" not in name}
    with tempfile.TemporaryDirectory(prefix="lf-") as folder:  # short, for the paths of sockets
        yield kept | {"LAKEFLOW_LOCAL_WORKSPACE": "on", "XDG_RUNTIME_DIR": folder}
