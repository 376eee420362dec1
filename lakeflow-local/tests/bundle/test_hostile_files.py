"""Files that nobody writes by mistake: each is one line, soon, and costs little memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakeflow_local.bundle import load
from lakeflow_local.errors import BundleError

NAME = "bundle: {name: t}\n"
MOST_MEMORY = 300 * 1024  # kB


def aliases(levels: int) -> str:
    """Each list has the one before it nine times."""
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels + 1)]
    return NAME + "\n".join(lines) + "\n"


def merges(levels: int) -> str:
    lines = ["m0: &m0 {a: 1}"] + [
        f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}" for n in range(1, levels + 1)
    ]
    return NAME + "\n".join(lines) + "\n"


def variables(levels: int, value: str, reference: str) -> str:
    lines = [f"  v0: {value}"]
    for n in range(1, levels + 1):
        lines.append(f"  v{n}: " + reference.replace("NAME", f"${{var.v{n - 1}}}"))
    return f"{NAME}variables:\n" + "\n".join(lines) + "\n"


TEXTS = variables(9, "{default: xxxxxxxxxx}", "{default: '" + "NAME" * 10 + "'}")
LISTS = variables(9, "{type: complex, default: [x]}", "{type: complex, default: [" + ", ".join(['"NAME"'] * 10) + "]}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (aliases(10), "databricks.yml:8: more than 500,000 values in the bundle, its aliases written out"),
        (merges(10), "more than 500,000 values in the bundle"),
        (TEXTS, "databricks.yml:10: the texts that references make are longer than 32 MB"),
        (LISTS, "references bring in more than 500,000 values"),
        (f"{NAME}x: {'[' * 501}{']' * 501}\n", "databricks.yml:2: more than 500 lists and maps in each other"),
        (f"{NAME}x: {'[' * 100_000}\n", "databricks.yml:2: more than 500 lists and maps in each other"),
    ],
    ids=["aliases", "merges", "texts", "lists", "nesting", "deep nesting"],
)
def test_what_grows_without_end_is_one_line_soon_and_in_little_memory(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "databricks.yml").write_text(text)
    program = "import sys\nfrom lakeflow_local.cli.main import main\ntry: main(['validate'])\n"
    most = "next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'))"
    program += f"finally: print(sys.platform == 'linux' and {most})"
    found = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (found.returncode, found.stderr.count("\n")) == (1, 1)
    assert message in found.stderr
    if sys.platform == "linux":
        assert int(found.stdout) < MOST_MEMORY


def test_what_the_cli_takes_is_taken(tmp_path: Path) -> None:
    nested = f"{'[' * 400}{']' * 400}"
    chain = variables(1000, "{default: ulm}", "{default: 'NAME'}")
    lines = chain + f"  deep: {{type: complex, default: {nested}}}\n" + aliases(4).removeprefix(NAME)
    (tmp_path / "databricks.yml").write_text(lines)
    bundle = load(tmp_path)
    assert bundle.variables["v1000"] == "ulm"
    assert bundle.resolve("${var.v1000} ${var.v1}") == "ulm ulm"
    assert str(bundle.variables["deep"]).count("[") == 400


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_an_include_that_is_no_file_is_one_line(tmp_path: Path, kind: str) -> None:
    (tmp_path / "databricks.yml").write_text(f"{NAME}include: [more.yml]\n")
    more = tmp_path / "more.yml"
    {"pipe": os.mkfifo, "device": lambda path: path.symlink_to("/dev/zero"), "folder": Path.mkdir}[kind](more)
    with pytest.raises(BundleError, match=r"^more\.yml: cannot be read: it is (no regular file|a folder)$"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("tagged", "value"),
    [
        ("!!int '12'", 12),
        ("!!float 1", 1),
        ("!!bool 'True'", True),
        ("!!null foo", None),
        ("!!str ~", "~"),
        ("! 12", 12),
        ("! '12'", "12"),
        ("!own {x: 1}", {"x": 1}),
    ],
)
def test_a_tag_means_what_the_cli_takes_it_for(tmp_path: Path, tagged: str, value: object) -> None:
    (tmp_path / "databricks.yml").write_text(f"{NAME}variables:\n  z: {{type: complex, default: {{a: {tagged}}}}}\n")
    assert load(tmp_path).variables["z"] == {"a": value}


@pytest.mark.parametrize(
    ("tagged", "message"),
    [
        ("!secret abc", "unknown tag !secret"),
        ("!!binary aGk=", "unknown tag !!binary"),
        ("!!int abc", "not a value of the tag !!int: abc"),
        ("!!bool yes", "not a value of the tag !!bool: yes"),
        ("!!timestamp abc", "not a value of the tag !!timestamp: abc"),
    ],
)
def test_a_tag_that_the_cli_refuses_is_refused(tmp_path: Path, tagged: str, message: str) -> None:
    (tmp_path / "databricks.yml").write_text(f"{NAME}variables:\n  z: {{default: {tagged}}}\n")
    with pytest.raises(BundleError, match=f"^databricks.yml:3: {message}"):
        load(tmp_path)


@pytest.mark.parametrize("key", ["3", "1.5", "true", "2026-01-31", "!!int 3"])
def test_a_key_that_is_no_text_is_refused_as_by_the_cli(tmp_path: Path, key: str) -> None:
    (tmp_path / "databricks.yml").write_text(f"{NAME}variables:\n  z: {{type: complex, default: {{{key}: 1}}}}\n")
    with pytest.raises(BundleError, match=r"^databricks.yml:3: a key must be text: write \""):
        load(tmp_path)


def test_names_with_commands_to_the_terminal_are_spelled_wherever_they_are_printed(tmp_path: Path) -> None:
    key = r'"red\e[31m\u202e[/x]"'
    task = "tasks: [{task_key: a, condition_task: {left: '1', op: EQUAL_TO, right: '2'}}]"
    (tmp_path / "databricks.yml").write_text(f"{NAME}resources: {{jobs: {{{key}: {{name: j, x: 1, {task}}}}}}}\n")
    environment = {**os.environ, "LAKEFLOW_LOCAL_WORKSPACE": "off"}
    commands = [["validate"], ["schedule"], ["run", "red\x1b[31m\u202e[/x]"], ["runs"], ["runs", "get", "1"]]
    commands += [["report", "1"], ["run", "\x1b[2Jnone"], ["validate", "-t", "\x1b[2Jnone"]]
    for command in commands:
        found = subprocess.run(
            [sys.executable, "-m", "lakeflow_local.cli", *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=environment,
        )
        said = found.stdout + found.stderr
        assert "Traceback" not in said
        assert "\x1b" not in said and "\u202e" not in said, command
        assert command[0] == "report" or r"\x1b[" in said, command
    page = (tmp_path / ".lakeflow" / "reports" / "run-1.html").read_text()
    assert "\x1b" not in page and "\u202e" not in page
    assert r"red\x1b[31m" in page


def test_errors_of_one_kind_are_told_together_with_what_was_noticed_before(tmp_path: Path) -> None:
    (tmp_path / "databricks.yml").write_text(
        f"{NAME}include: [more/*.yml]\nvariables: {{a: {{}}, b: {{x: 1}}}}\n"
        "resources:\n  jobs:\n    j: {name: a}\n    k: {name: b}\n"
    )
    (tmp_path / "more").mkdir()
    more = tmp_path / "more" / "jobs.yml"
    more.write_text("resources:\n  jobs:\n    j: {name: c}\n    k: {name: d}\n")

    def said() -> list[str]:
        with pytest.raises(BundleError) as caught:
            load(tmp_path)
        errors = (caught.value, *caught.value.others)
        return [*caught.value.warnings, *map(str, errors)]

    unknown = "Warning: databricks.yml:3: unknown field: x"
    twice = "is defined twice (also in databricks.yml:{}): a key names one resource of the bundle, whatever its kind"
    assert said() == [
        unknown,
        f"more/jobs.yml:3: j {twice.format(6)}",
        f"more/jobs.yml:4: k {twice.format(7)}",
    ]
    more.unlink()
    assert [line.partition(": give")[0] for line in said()] == [
        unknown,
        "databricks.yml:3: variable a has no value",
        "databricks.yml:3: variable b has no value",
    ]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("permissions: {a: 1}", "expected sequence, found map"),
        ("include: {a: 1}", "expected sequence, found map"),
        ("include: more.yml", "expected sequence, found string"),
        ("resources: [a]", "expected map, found sequence"),
        ("targets: [dev]", "expected map, found sequence"),
        ("sync: abc", "expected map, found string"),
    ],
)
def test_a_section_of_another_kind_is_a_warning_as_with_the_cli(tmp_path: Path, section: str, message: str) -> None:
    (tmp_path / "databricks.yml").write_text(f"{NAME}{section}\n")
    bundle = load(tmp_path)
    assert [str(note) for note in bundle.warnings] == [f"databricks.yml:2: {message}"]
