"""What would let the CLI or the SDK talk to somebody else than `workspace env` says."""

from __future__ import annotations

import configparser
from collections.abc import Iterator, Mapping
from pathlib import Path

from lakeflow_local.bundle import Bundle

# Each of these names a way to sign in, or a place, that clients take as well, or before host and token.
_OTHERS = (
    "DATABRICKS_CONFIG_PROFILE",
    "DATABRICKS_CLIENT_ID",
    "DATABRICKS_CLIENT_SECRET",
    "DATABRICKS_USERNAME",
    "DATABRICKS_PASSWORD",
    "DATABRICKS_METADATA_SERVICE_URL",
    "DATABRICKS_AZURE_RESOURCE_ID",
    "DATABRICKS_GOOGLE_SERVICE_ACCOUNT",
    "DATABRICKS_BUNDLE_ENGINE",
)
_PAT = "pat"


def disagreements(environment: Mapping[str, str], host: str, bundle: Bundle | None = None) -> Iterator[str]:
    """A line for each, with what to do.

    Args:
        environment: of the shell.
        host: that `workspace env` prints.
        bundle: resolved for the target that is to be deployed; None where it does not resolve.
    """
    for name in _OTHERS:
        value = environment.get(name)
        if value and (name, value) != ("DATABRICKS_BUNDLE_ENGINE", "direct"):
            yield f"{name} is set, and clients heed it beside DATABRICKS_TOKEN: unset {name}"
    kind = environment.get("DATABRICKS_AUTH_TYPE", _PAT)
    if kind != _PAT:
        yield f"DATABRICKS_AUTH_TYPE={kind} refuses a token: unset DATABRICKS_AUTH_TYPE"
    if bundle is not None:
        yield from _target(bundle, host)
    yield from _profile(environment, host)


def _target(bundle: Bundle, host: str) -> Iterator[str]:
    workspace = bundle.config.get("workspace") or {}
    for name in ("host", "profile"):
        value = str(workspace.get(name) or "")
        if value and value.rstrip("/") != host:
            yield (
                f"target {bundle.target} has workspace.{name} {value}, which beats DATABRICKS_HOST: deploy another "
                "target here, or leave it out"
            )


def _profile(environment: Mapping[str, str], host: str) -> Iterator[str]:
    named = environment.get("DATABRICKS_CONFIG_FILE")
    file = Path(named).expanduser() if named else Path.home() / ".databrickscfg"
    parser = configparser.ConfigParser(default_section="", interpolation=None)
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError):
        yield f"{file} cannot be read as a file of profiles: clients may stop at it"
        return
    if not parser.has_section("DEFAULT"):
        return
    other = parser.get("DEFAULT", "host", fallback="").rstrip("/")
    more = [name for name in parser.options("DEFAULT") if name not in ("host", "token", "auth_type")]
    if other and other != host and more:
        others = ", ".join(more)
        yield f"profile DEFAULT of {file} also sets {others}: only its host and token give way to the variables"
