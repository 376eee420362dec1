"""Tags on cloud machines: each cloud allows other characters, and what is not allowed becomes `_`."""

from __future__ import annotations

import re
import unicodedata

_AZURE_FORBIDDEN = set("<>*&%;\\/+?")


def tag_key(text: str, host: str) -> str:
    """A tag's key as the cloud of a workspace takes it; the cloud is read from the host's name."""
    if _cloud(host) == "azure":
        return "".join("_" if char in _AZURE_FORBIDDEN or ord(char) > 255 else char for char in text)
    return _normalize(text, host)


def tag_value(text: str, host: str) -> str:
    """A tag's value as the cloud of a workspace takes it."""
    if _cloud(host) == "azure":
        return "".join("_" if ord(char) > 255 else char for char in text)
    return _normalize(text, host)


def _normalize(text: str, host: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    plain = unicodedata.normalize("NFC", "".join(char for char in decomposed if unicodedata.category(char) != "Mn"))
    if _cloud(host) == "gcp":
        return re.sub(r"^[^0-9A-Za-z]+|[^0-9A-Za-z]+$", "", re.sub(r"[^-.0-9A-Z_a-z]", "_", plain))
    return "".join(
        char if ord(char) < 256 and (char.isalpha() or char.isdecimal() or char.isspace() or char in "+-=.:/@") else "_"
        for char in plain
    )


def _cloud(host: str) -> str:
    name = host.removeprefix("https://").split("/")[0]
    if ".azuredatabricks." in name or ".databricks.azure." in name:
        return "azure"
    return "gcp" if ".gcp.databricks." in name else "aws"
