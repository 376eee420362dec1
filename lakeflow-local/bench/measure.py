"""What the benches of pipelines share: a pipeline of one file, an update that counts, a figure with its spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lakeflow_local import Pipeline, SparkServer, Update


def project(server: SparkServer, name: str, source: str, **configuration: str) -> Pipeline:
    """A pipeline of one source file."""
    folder = server.root / name
    folder.mkdir()
    (folder / "datasets.py").write_text(source)
    spec = {"name": name, "schema": name, "libraries": [{"glob": {"include": f"{name}/**"}}]}
    return Pipeline(spec | {"configuration": configuration}, root=server.root, spark=server.spark)


def checked(update: Update) -> Update:
    """The update, if it is one that counts."""
    if update.state != "COMPLETED":
        raise SystemExit(f"bench: {update.error}")
    return update


def updated(pipeline: Pipeline) -> float:
    """Seconds of one update."""
    return checked(pipeline.update()).seconds


def timed(work: Callable[[], object]) -> float:
    """Seconds of anything."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def land(folder: Path, name: str, lines: int, start: int = 0) -> None:
    """Put a file of so many numbered lines, whole or not at all."""
    folder.mkdir(exist_ok=True)
    beside = folder.with_name(f".{folder.name}.{name}")
    beside.write_text("".join(f"trip {number}\n" for number in range(start, start + lines)))
    beside.rename(folder / name)


def spread(seconds: Sequence[float]) -> str:
    """Median, minimum and maximum."""
    return f"{statistics.median(seconds):7.2f} s  ({min(seconds):.2f} to {max(seconds):.2f})"


def show(what: str, seconds: Sequence[float]) -> None:
    """Print a figure with its spread."""
    print(f"    {what:<46}{spread(seconds)}", flush=True)


def compare(what: str, ours: Sequence[float], others: Sequence[float]) -> None:
    """Print how many times as long the one takes as the other, over turns that were measured side by side."""
    ratios = [one / other for one, other in zip(ours, others, strict=True)]
    middle = statistics.median(ours) / statistics.median(others)
    print(f"    {what:<46}{middle:7.2f} times ({min(ratios):.2f} to {max(ratios):.2f})", flush=True)
