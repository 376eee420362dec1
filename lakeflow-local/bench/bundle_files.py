"""What it costs to read large files of a bundle, and how soon a hostile one is refused."""

from __future__ import annotations

import tempfile
from pathlib import Path

from measure import show, timed

from lakeflow_local import UserError, load

TURNS = 3
NAME = "bundle: {name: many}\n"


def jobs(number: int) -> str:
    """One file with so many jobs of a task each."""
    lines = [NAME + "resources:", "  jobs:"]
    for job in range(number):
        lines += [f"    job_{job}:", f"      name: job_{job}", "      tasks:", "        - task_key: load"]
        lines += [
            "          spark_python_task: {python_file: /Workspace/load.py}",
            "          environment_key: default",
        ]
        lines += ["      environments: [{environment_key: default, spec: {environment_version: '3'}}]"]
    return "\n".join(lines) + "\n"


def variables(number: int) -> str:
    """One file with so many variables, each of which names the one before it by hundreds."""
    lines = [NAME + "variables:"]
    values = ("x" if n % 100 == 0 else f"${{var.v{n - 1}}}" for n in range(number))
    lines += [f'  v{n}: {{default: "{value}"}}' for n, value in enumerate(values)]
    return "\n".join(lines) + "\n"


def aliases(levels: int) -> str:
    """Lists that have the one before them nine times: written out, nine to the power of the levels."""
    lines = [NAME + "a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels + 1)]
    return "\n".join(lines) + "\n"


def seconds(text: str, *, refused: bool = False) -> list[float]:
    """The times of some loads of a bundle with this file."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "databricks.yml").write_text(text)

        def once() -> None:
            try:
                load(root)
            except UserError:
                if not refused:
                    raise
            else:
                if refused:
                    raise SystemExit("bench: the hostile file was taken")

        return [timed(once) for _ in range(TURNS)]


def main() -> None:
    """Print the times."""
    print("(f) files of a bundle")
    show("3,000 jobs in one file", seconds(jobs(3_000)))
    show("32,000 variables in one file", seconds(variables(32_000)))
    show("ten levels of aliases, refused", seconds(aliases(10), refused=True))


if __name__ == "__main__":
    main()
