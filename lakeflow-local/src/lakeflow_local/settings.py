"""A bundle's settings for this tool: `[tool.lakeflow-local]` in its pyproject.toml.

[tool.lakeflow-local]
secrets_file = ".lakeflow/secrets.json"           # {scope: {key: value}}, what dbutils.secrets reads
user_name = "ada@fleet.example"                   # who deploys; by default the user of this machine

[tool.lakeflow-local.lookups.warehouse]           # what a variable's lookup finds, by kind and name
"shared" = "0123456789abcdef"

[tool.lakeflow-local.pytest]                      # defaults of the pytest plugin's fixtures
pipeline = "trips"

[tool.lakeflow-local.services.turnstiles]         # beside the runs; ends with the warm process, or the command without
command = ["python", "-m", "turnstiles", "--port", "0"]   # its first line on stdout is its URL …
targets = ["local"]
variable = "turnstiles_url"                       # … which this bundle variable gets

[tool.lakeflow-local.workspace-env]               # variables of target local that `workspace env` exports
landing_path = "{root}/.lakeflow/landing"         # {root} is the bundle's folder, as an absolute path

[tool.lakeflow-local.check]                       # what `lakeflow-local check` looks at
select = ["references", "secret-in-code"]         # families and rules, by default all
ignore = ["unused-variable"]                      # families and rules that are left out
baseline = "check-baseline.json"                  # findings that are known already, see --write-baseline

[tool.lakeflow-local.workspace]                   # the warm process
idle_minutes = 15                                 # so long without a command, and its JVM ends
jvm_limit_mb = 5000                               # a JVM above it after a collection is replaced; 0 for no limit
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakeflow_local.errors import BundleError

_TABLES = ("services", "secrets_file", "user_name", "lookups", "pytest", "workspace", "workspace-env", "check")


@dataclass(frozen=True, kw_only=True)
class Service:
    """A process that runs beside the runs of some targets. `targets` empty: of all."""

    name: str
    command: tuple[str, ...]
    targets: tuple[str, ...]
    variable: str | None


@dataclass(frozen=True, kw_only=True)
class CheckSettings:
    """What `check` looks at: families and rules by name, and the file of what is known; select empty: all."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    baseline: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a bundle, strings as written.

    Attributes:
        lookups: Kind of object -> its name -> its id, for variables with a `lookup`.
        pytest: `root`, `pipeline` and `target` of the pytest plugin, those that are set.
        idle_minutes: After so many without a command the JVM of the warm process ends.
        workspace_env: Bundle variable -> its value for a deployment to the local workspace, with `{root}` in it.
        jvm_limit_mb: Resident size, in megabytes, above which that JVM is replaced; 0 for no limit.
    """

    services: tuple[Service, ...] = ()
    secrets_file: str | None = None
    user_name: str = ""
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    pytest: Mapping[str, str] = field(default_factory=dict)
    workspace_env: Mapping[str, str] = field(default_factory=dict)
    check: CheckSettings = CheckSettings()
    idle_minutes: int = 15
    jvm_limit_mb: int = 5000


def load_settings(root: Path) -> Settings:
    """Read the settings of the bundle in `root`; without a pyproject.toml or the table, there are none.

    Raises:
        BundleError: the file is no TOML, a key is unknown or has the wrong type.
    """
    path = root / "pyproject.toml"
    if not path.exists():
        return Settings()
    try:
        tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError(f"not TOML: {error}", path) from None
    if not isinstance(tool, Mapping):
        raise BundleError("[tool] is no table", path)
    table = tool.get("lakeflow-local", {})
    place = "[tool.lakeflow-local]"
    _known(table, _TABLES, place, path)
    lookups, pytest, workspace = (table.get(name, {}) for name in ("lookups", "pytest", "workspace"))
    if not isinstance(lookups, Mapping):
        raise BundleError(f"{place[:-1]}.lookups] is no table", path)
    _known(pytest, ("root", "pipeline", "target"), f"{place[:-1]}.pytest]", path)
    _known(workspace, ("idle_minutes", "jvm_limit_mb"), f"{place[:-1]}.workspace]", path)
    check = table.get("check", {})
    _known(check, ("select", "ignore", "baseline"), f"{place[:-1]}.check]", path)
    return Settings(
        check=CheckSettings(
            select=_texts(check.get("select", []), f"{place[:-1]}.check] select", path),
            ignore=_texts(check.get("ignore", []), f"{place[:-1]}.check] ignore", path),
            baseline=_text(check.get("baseline"), f"{place[:-1]}.check] baseline", path),
        ),
        services=tuple(_service(name, entry, path) for name, entry in table.get("services", {}).items()),
        secrets_file=_text(table.get("secrets_file"), f"{place} secrets_file", path),
        user_name=_text(table.get("user_name"), f"{place} user_name", path) or "",
        lookups={kind: _words(found, f"{place[:-1]}.lookups.{kind}]", path) for kind, found in lookups.items()},
        workspace_env=_words(table.get("workspace-env", {}), f"{place[:-1]}.workspace-env]", path),
        pytest=_words(pytest, f"{place[:-1]}.pytest]", path),
        **{name: _count(value, f"{place[:-1]}.workspace] {name}", path) for name, value in workspace.items()},
    )


def _service(name: str, entry: Mapping[str, Any], path: Path) -> Service:
    place = f"[tool.lakeflow-local.services.{name}]"
    _known(entry, ("command", "targets", "variable"), place, path)
    command = _texts(entry.get("command"), f"{place} command", path)
    if not command:
        raise BundleError(f"{place} needs a command, a list of strings", path)
    return Service(
        name=name,
        command=command,
        targets=_texts(entry.get("targets", []), f"{place} targets", path),
        variable=_text(entry.get("variable"), f"{place} variable", path),
    )


def _known(table: Any, keys: tuple[str, ...], place: str, path: Path) -> None:
    if not isinstance(table, Mapping):
        raise BundleError(f"{place} is no table", path)
    unknown = [key for key in table if key not in keys]
    if unknown:
        raise BundleError(f"{place} has no setting {unknown[0]!r}; there are {', '.join(keys)}", path)


def _text(value: Any, place: str, path: Path) -> str | None:
    if value is not None and not isinstance(value, str):
        raise BundleError(f"{place} is no string", path)
    return value


def _count(value: Any, place: str, path: Path) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BundleError(f"{place} is no whole number, 0 or more", path)
    return value


def _texts(value: Any, place: str, path: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BundleError(f"{place} is no list of strings", path)
    return tuple(value)


def _words(value: Any, place: str, path: Path) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(item, str) for item in value.values()):
        raise BundleError(f"{place} is no table of strings", path)
    return dict(value)
