"""What a plan does, for the person who approves it; and the seal that ties it to a release and a target."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from delivery.archive import sha256
from delivery.databricks import Databricks
from delivery.errors import DeliveryError

PLAN, SEAL, PAGE = "plan.json", "seal.json", "plan.md"
ADDS = ("create",)
REMOVES = ("delete", "recreate")
# What holds data or knows what was ingested: removing one cannot be undone by deploying an older release.
HOLDS_DATA = ("schemas", "volumes", "pipelines")
LONGEST_VALUE = 120


@dataclass(frozen=True)
class Seal:
    """What a plan was made of. It is deployed only with the same.

    Attributes:
        target: The target that was planned.
        host: The workspace that was asked.
        commit, branch: Of the release.
        release: Digest of the release's content.
        plan: SHA-256 of plan.json.
        cli: Version of the CLI, because a plan is read by the version that wrote it.
    """

    target: str
    host: str
    commit: str
    branch: str
    release: str
    plan: str
    cli: str


@dataclass(frozen=True)
class Step:
    """One resource that a plan touches.

    Attributes:
        resource: Type and key, for example `jobs.daily_payouts`.
        action: The CLI's word: create, update, resize, update_id, recreate or delete.
        changes: Field -> (before, after); empty where the whole resource comes or goes.
    """

    resource: str
    action: str
    changes: Mapping[str, tuple[Any, Any]]

    @property
    def loses_data(self) -> bool:
        parts = self.resource.split(".")
        return self.action in REMOVES and len(parts) == 2 and parts[0] in HOLDS_DATA


def steps(plan: Mapping[str, Any]) -> list[Step]:
    """What a plan changes, in the order of names; what stays as it is left out."""
    return sorted(_steps(plan.get("plan") or {}), key=lambda step: step.resource)


def _steps(entries: Mapping[str, Any]) -> Iterator[Step]:
    for key, entry in entries.items():
        action = entry.get("action") or "skip"
        if action == "skip":
            continue
        changes = {
            field: (change.get("old", change.get("remote")), change.get("new"))
            for field, change in (entry.get("changes") or {}).items()
            if change.get("action") != "skip"
        }
        yield Step(key.removeprefix("resources."), action, changes)


def page(plan: Mapping[str, Any], seal: Seal) -> str:
    """The plan as Markdown: what is removed first, then what changes, field by field, then what is new."""
    found = steps(plan)
    removed = [step for step in found if step.action in REMOVES]
    added = [step for step in found if step.action in ADDS]
    changed = [step for step in found if step not in removed and step not in added]
    counted = f"{len(added)} to add, {len(changed)} to change, {len(removed)} to delete or recreate"
    lines = [
        f"## Plan for {seal.target}: {counted}",
        "",
        f"Commit `{seal.commit}`, release `{seal.release[:16]}`, plan `{seal.plan[:16]}`, CLI {seal.cli}, {seal.host}.",
        "",
    ]
    for step in removed:
        lines.append(f"- **{step.action}** `{step.resource}`{': **holds data**' if step.loses_data else ''}")
    for step in changed:
        lines.append(f"- {step.action} `{step.resource}`")
        lines += [f"  - `{field}`: {_short(old)} → {_short(new)}" for field, (old, new) in sorted(step.changes.items())]
    lines += [f"- {step.action} `{step.resource}`" for step in added]
    return "\n".join(lines if found else [*lines, "Nothing to do."]) + "\n"


def make(databricks: Databricks, out: Path) -> tuple[dict[str, Any], Seal]:
    """Plans, and leaves `plan.json`, `seal.json` and `plan.md` in a folder."""
    settings, plan = databricks.settings(), databricks.plan()
    out.mkdir(parents=True, exist_ok=True)
    (out / PLAN).write_text(json.dumps(plan, indent=2) + "\n")
    release = databricks.release
    seal = Seal(
        target=databricks.target,
        host=settings["workspace"].get("host", ""),
        commit=release.manifest.commit,
        branch=release.manifest.branch,
        release=release.digest,
        plan=sha256(out / PLAN),
        cli=databricks.version(),
    )
    (out / SEAL).write_text(json.dumps(asdict(seal), indent=2) + "\n")
    (out / PAGE).write_text(page(plan, seal))
    return plan, seal


def read(folder: Path) -> tuple[dict[str, Any], Seal]:
    """A plan that was made before, and its seal.

    Raises:
        DeliveryError: there is none, or plan.json is not the one that was sealed.
    """
    if not (folder / PLAN).is_file() or not (folder / SEAL).is_file():
        raise DeliveryError(f"{folder}: holds no plan ({PLAN}, {SEAL}); `make plan` makes one")
    seal = Seal(**json.loads((folder / SEAL).read_text()))
    if sha256(folder / PLAN) != seal.plan:
        raise DeliveryError(f"{folder / PLAN}: is not the plan that was sealed and reviewed; plan again")
    return json.loads((folder / PLAN).read_text()), seal


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return f"`{text[:LONGEST_VALUE]}{'…' if len(text) > LONGEST_VALUE else ''}`"
