"""`lakeflow-local doctor`: what a person needs to know when something is off."""

from __future__ import annotations

import json
import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import click

from lakeflow_local.bundle.steps.includes import root_file
from lakeflow_local.cli import options
from lakeflow_local.cli.output import say, size_text
from lakeflow_local.cli.upkeep import environment, machine
from lakeflow_local.errors import BundleError, UserError, short_path, shortage
from lakeflow_local.jobs.store.cleaning import ended_before, runs_size, size_of
from lakeflow_local.jobs.store.runs import RunStore
from lakeflow_local.spark.jvm import classarchive, jars
from lakeflow_local.spark.jvm.java import find_java

_LITTLE_MEMORY, _LITTLE_DISK = 4 * 10**9, 10**9  # bytes; Spark's JVM may take 3 GB
_KEPT_DAYS = 30
_MOST_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """One line of the answer.

    Attributes:
        state: `ok`; `warning`: worth a look; `error`: no run can start.
        facts: the same for machines.
    """

    name: str
    text: str
    state: str = "ok"
    facts: dict[str, Any] = field(default_factory=dict)


@click.command()
@options.output
def doctor(output: str) -> None:
    """Show what runs depend on here: Java, Python, packages, jars, memory, disk, processes, and what could be cleaned.

    The exit code is 1 if something would stop a run.
    """
    root = Path.cwd()
    java = _java()
    findings = [_bundle(root), java, _python(), _packages(root), *_spark(java.facts["version"])]
    findings += [_memory(), _disk(root), _processes(), *_stored(root / ".lakeflow")]
    stopped = any(finding.state == "error" for finding in findings)
    if output == "json":
        click.echo(json.dumps({"ok": not stopped, "findings": [asdict(one) for one in findings]}, indent=2))
    else:
        for one in findings:
            say(f"{one.name:<10} {'' if one.state == 'ok' else one.state + ': '}{one.text}")
    if stopped:
        raise SystemExit(1)


def _bundle(root: Path) -> Finding:
    try:
        file = root_file(root)
    except BundleError as problem:
        return Finding("bundle", str(problem), "warning", {"file": None})
    version = metadata.version("lakeflow-local")
    return Finding("bundle", f"{file.name} in {root}; lakeflow-local {version}", facts={"file": str(file)})


def _java() -> Finding:
    try:
        java = find_java()
    except UserError as problem:
        return Finding("java", str(problem), "error", {"path": None, "version": None})
    return Finding("java", f"{java.version}, {java.path}", facts={"path": str(java.path), "version": java.version})


def _python() -> Finding:
    version = platform.python_version()
    facts = {"path": sys.executable, "version": version}
    return Finding("python", f"{version}, {short_path(sys.executable)}", facts=facts)


def _packages(root: Path) -> Finding:
    lock = environment.find_lock(root)
    if lock is None:
        return Finding("packages", "no lock file here to compare with", facts={"lock": None, "differ": []})
    differ = environment.differing(lock)
    facts = {
        "lock": str(lock),
        "differ": [{"name": name, "installed": has, "locked": wanted} for name, has, wanted in differ],
    }
    if not differ:
        return Finding("packages", f"as in {short_path(lock)}", facts=facts)
    named = [f"{name} {has or 'missing'} (locked {wanted})" for name, has, wanted in differ[:_MOST_NAMED]]
    more = f" and {len(differ) - _MOST_NAMED} more" if len(differ) > _MOST_NAMED else ""
    text = f"{len(differ)} not as in {short_path(lock)}: {', '.join(named)}{more}"
    return Finding("packages", text, "warning", facts)


def _spark(java: str | None) -> Iterator[Finding]:
    try:
        pair = jars.installed()
    except UserError as problem:
        yield Finding("spark", str(problem), "error")
        return
    except metadata.PackageNotFoundError as problem:
        yield Finding("spark", f"{problem.name} is not installed: install lakeflow-local again", "error")
        return
    spark = metadata.version("pyspark")
    yield Finding("spark", f"pyspark {spark} with delta-spark {pair[1]}", facts={"pyspark": spark, "delta": pair[1]})
    states = jars.state(pair)
    bad = {state: [name for name, one in states.items() if one == state] for state in ("damaged", "missing")}
    where = jars.folder()
    if bad["damaged"]:
        text = f"damaged: {', '.join(bad['damaged'])} in {where}; delete them, the next start fetches them again"
        yield Finding("jars", text, "error", states)
    elif bad["missing"]:
        text = f"{len(bad['missing'])} of {len(states)} are not there yet: the next start of Spark fetches them"
        yield Finding("jars", text, "warning", states)
    else:
        fast = java is not None and classarchive.path(java).exists()
        slow = "" if fast else "; `lakeflow-local prepare` lets Spark start in half the time"
        yield Finding("jars", f"Delta's {len(states)}, their hashes are right{slow}", facts=states)


def _memory() -> Finding:
    free, total = machine.memory()
    facts = {"free": free, "total": total}
    if free is None:
        return Finding("memory", size_text(total), facts=facts)
    low = free < _LITTLE_MEMORY
    text = f"{size_text(free)} of {size_text(total)} free{': Spark may take 3 GB' if low else ''}"
    return Finding("memory", text, "warning" if low else "ok", facts)


def _disk(root: Path) -> Finding:
    usage = shutil.disk_usage(root)
    text = f"{size_text(usage.free)} of {size_text(usage.total)} free"
    state = "warning" if usage.free < _LITTLE_DISK else "ok"
    return Finding("disk", text, state, {"free": usage.free, "total": usage.total})


def _processes() -> Finding:
    found = machine.processes()
    listed = [f"{one.pid} {one.command} ({size_text(one.memory)})" for one in found[:_MOST_NAMED]]
    if len(found) > _MOST_NAMED:
        listed.append(f"{len(found) - _MOST_NAMED} more")
    return Finding("processes", "; ".join(listed) or "none", facts={"processes": [asdict(one) for one in found]})


def _stored(folder: Path) -> Iterator[Finding]:
    """What `.lakeflow` takes, and what a clean would free."""
    if not folder.is_dir():
        yield Finding(".lakeflow", "not there: nothing has been run in this folder", facts={"bytes": 0, "parts": {}})
        return
    parts: dict[str, int] = {}
    for path in folder.iterdir():
        name = "runs.db" if path.name.startswith("runs.db") else path.name
        parts[name] = parts.get(name, 0) + size_of(path)
    largest = sorted(parts, key=lambda name: parts[name], reverse=True)
    named = ", ".join(f"{name} {size_text(parts[name])}" for name in largest[:_MOST_NAMED])
    text = f"{size_text(sum(parts.values()))}: {named}"
    yield Finding(".lakeflow", text, facts={"bytes": sum(parts.values()), "parts": parts})
    before = (datetime.now(UTC) - timedelta(days=_KEPT_DAYS)).date().isoformat()
    runs, freed = 0, 0
    if "runs.db" in parts:
        try:
            store = RunStore(folder)
            found = ended_before(store, options.moment(before, "--runs-before") or 0)
        except sqlite3.DatabaseError as error:
            yield Finding("runs", shortage(error) or f"the history of runs cannot be read: {error}", "error", {})
            return
        runs, freed = len(found), runs_size(store, found)
    text = f"lakeflow-local clean --runs-before {before} would remove {runs} runs and free {size_text(freed)}"
    yield Finding("clean", text, facts={"runs_before": before, "runs": runs, "bytes": freed})
