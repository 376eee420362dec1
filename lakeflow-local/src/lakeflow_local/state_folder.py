"""The folder `.lakeflow` of a bundle: all that its runs leave behind."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def make(folder: Path) -> None:
    """Make the folder, and keep it out of git and out of what `databricks bundle deploy` uploads.

    It holds tables, secrets and the token of the local workspace. Both heed a `.gitignore` in any folder.

    Raises:
        OSError: the folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        with suppress(OSError):  # where nothing can be written, whoever has to write says so
            ignore.write_text("*\n", encoding="utf-8")
