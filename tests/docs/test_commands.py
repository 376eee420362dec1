"""Every command of the README is run by a test or by CI, or marked as needing a workspace."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NEEDS_A_WORKSPACE = re.compile(r"needs a workspace|^databricks ")
# Where a command is run. The second half must stand in that file.
RUN_BY = {
    "make lint": (".ci/run", "make lint"),
    "make test": (".ci/run", "make test"),
    "make test-all": (".ci/run", "make test-long"),
    "make test-connect": (".ci/run", "make test-connect"),
    "make demo": ("tests/demo/test_story.py", '"demo"'),
    "make demo LANDING": ("tests/demo/test_story.py", "--landing"),
    ".venv/bin/lakeflow-local run": ("tests/docs/test_readme_run.py", "daily_payouts"),
    ".venv/bin/lakeflow-local runs": ("tests/docs/test_readme_run.py", '"runs"'),
    'eval "$(.venv/bin/lakeflow-local workspace env)"': ("lakeflow-local/tests/daemon/test_process.py", '"env"'),
    "make docs": (".ci/run", "make docs"),
    "make help": ("tests/docs/test_make.py", "help"),
    "make fmt": ("tests/docs/test_make.py", "fmt"),
    "make bench": ("tests/docs/test_make.py", "bench"),
}


def commands() -> list[str]:
    """The lines of the README's shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def test_each_command_is_run_somewhere_or_needs_a_workspace() -> None:
    known = sorted(RUN_BY, key=len, reverse=True)
    unknown = []
    for command in commands():
        if not NEEDS_A_WORKSPACE.search(command) and not any(command.startswith(prefix) for prefix in known):
            unknown.append(command)
    assert len(commands()) > 8
    assert unknown == []


def test_the_places_that_run_them_do() -> None:
    gone = [name for name, (path, text) in RUN_BY.items() if text not in (ROOT / path).read_text(encoding="utf-8")]
    assert gone == []
