"""Draws the pipeline and the jobs of the bundle as SVG, from the bundle itself.

    python docs/site/pictures.py TARGET

Jobs are read from the resolved bundle. What the datasets read is known to Spark only, so it is recorded in
pipeline.json (see `RECORD`), and a test compares the record with the engine. A box links to the file that defines it.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from lakeflow_local import load
from lakeflow_local.report.graph import HEIGHT, WIDTH, draw

ROOT = Path(__file__).resolve().parents[2]
RECORDED = Path(__file__).parent / "pipeline.json"
RECORD = "lakeflow-local graph payouts -t local -o json > docs/site/pipeline.json"
TARGET = "staging"  # it has every job, with the settings of production


def figure(
    title: str, parents: Mapping[str, Sequence[tuple[str, str]]], kinds: Mapping[str, str], links: Mapping[str, str]
) -> str:
    """A graph as an inline SVG that takes its colours from the page."""
    drawing = draw(parents)
    parts = [f'<path d="{edge.path}"/>' for edge in drawing.edges]
    for edge in drawing.edges:
        if edge.label:
            parts.append(
                f'<text class="branch" x="{edge.x:.0f}" y="{edge.y:.0f}" text-anchor="middle">{edge.label}</text>'
            )
    for name, (x, y) in drawing.nodes.items():
        middle = x + WIDTH / 2
        box = (
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="7"/>'
            f'<text x="{middle:.0f}" y="{y + 21:.0f}" text-anchor="middle">{escape(name)}</text>'
            f'<text class="kind" x="{middle:.0f}" y="{y + 38:.0f}" text-anchor="middle">{escape(kinds[name])}</text>'
        )
        parts.append(f'<a href="{links[name]}">{box}</a>' if name in links else f"<g>{box}</g>")
    width, height = round(drawing.width), round(drawing.height)
    size = f'viewBox="0 0 {width} {height}" width="{width}" style="min-width:{width * 3 // 4}px"'
    return "\n".join(
        [
            '<figure class="drawing">',
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" {size}>',
            *parts,
            "</svg>",
            "</figure>",
        ]
    )


def pipeline_figure() -> str:
    """The datasets of the pipeline."""
    datasets = json.loads(RECORDED.read_text(encoding="utf-8"))["datasets"]
    parents = {dataset["name"]: [(read, "") for read in dataset["reads"]] for dataset in datasets}
    outside = {read for reads in parents.values() for read, _ in reads} - set(parents)
    parents = {name: [] for name in sorted(outside)} | parents
    kinds = dict.fromkeys(outside, "from outside") | {d["name"]: d["kind"].replace("_", " ") for d in datasets}
    files = {path.stem: path for path in ROOT.glob("pipelines/payouts/*/*.*") if path.suffix in (".py", ".sql")}
    links = {name: f"source/{files[name].relative_to(ROOT).as_posix()}.html" for name in parents if name in files}
    return figure("The datasets of the pipeline and what they read", parents, kinds, links)


def job_figure(key: str, job: Mapping[str, Any]) -> str:
    """The tasks of a job, parents above."""
    tasks = {task["task_key"]: task for task in job["tasks"]}
    waiting, parents = dict(tasks), {}
    while waiting:
        ready = [
            name for name, task in waiting.items() if all(p["task_key"] in parents for p in task.get("depends_on", []))
        ]
        for name in ready:
            parents[name] = [(p["task_key"], p.get("outcome", "")) for p in waiting.pop(name).get("depends_on", [])]
    kinds = {name: kind_of(task) for name, task in tasks.items()}
    return figure(f"The tasks of {key}", parents, kinds, dict.fromkeys(tasks, f"source/resources/{key}.job.yml.html"))


def kind_of(task: Mapping[str, Any]) -> str:
    """What a task is, in a word or two."""
    kind = next(name.removesuffix("_task") for name in task if name.endswith("_task")).replace("_", " ")
    nested = task.get("for_each_task", {}).get("task", {})
    described = task.get("description", "") + nested.get("description", "")
    run_if = f", {task['run_if']}" if task.get("run_if", "ALL_SUCCESS") != "ALL_SUCCESS" else ""
    return f"{kind}{', side effect' if 'Side effect:' in described else ''}{run_if}"


def page() -> str:
    """The page with all drawings."""
    parts = [
        "# The pipeline and the jobs, drawn",
        "Made from the bundle when this site is built. A box leads to the file that defines it.",
        "## Pipeline `payouts`: the datasets and what they read",
        pipeline_figure(),
    ]
    for key, job in sorted(load(ROOT, TARGET).resources["jobs"].items()):
        parts += [f"## Job `{key}`", job.get("description", ""), job_figure(key, job)]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    (target / "pictures.md").write_text(page(), encoding="utf-8")
