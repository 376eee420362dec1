"""The command: what it prints in each format, which findings it leaves out, and how it ends."""

import json
from pathlib import Path

import pytest

from lakeflow_local.check.formats.page import pages
from lakeflow_local.check.rule import all_rules

JOB = """
bundle:
  name: fleet
targets:
  dev:
    default: true
  prod:
resources:
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: load
          notebook_task:
            notebook_path: /Shared/load
        - task_key: report
          depends_on:
            - task_key: laod{comment}
          notebook_task:
            notebook_path: /Shared/report
"""
UNKNOWN = "depends-on-unknown-task"
LINE = 17
OTHER = """
  # lakeflow-local: ignore[unused-variable] read by a notebook
  spare:
    default: x
"""
REFERENCES = ("--select", "references,leftovers,ignores")


def only(said, rule):
    return [one for one in said.findings if one["rule"] == rule]


def test_json_has_all_fields_and_an_error_ends_with_1(bundle, run):
    said = run(bundle({"databricks.yml": JOB.format(comment="")}), "-o", "json", *REFERENCES)
    assert said.code == 1
    (one,) = said.findings
    assert list(one) == ["rule", "severity", "path", "file", "line", "message", "reason", "fix", "targets"]
    assert (one["rule"], one["severity"], one["file"], one["line"]) == (UNKNOWN, "error", "databricks.yml", LINE)
    assert one["path"] == "resources.jobs.nightly.tasks[1].depends_on[0]"
    assert one["targets"] == ["dev"]
    assert one["fix"].startswith("Did you mean load?")


def test_a_finding_of_several_targets_is_said_once(bundle, run):
    said = run(bundle({"databricks.yml": JOB.format(comment="")}), "-o", "json", "--all-targets", *REFERENCES)
    assert [one["targets"] for one in said.findings] == [["dev", "prod"]]
    assert run(Path.cwd(), "-t", "prod", "-o", "json", *REFERENCES).findings[0]["targets"] == ["prod"]


def test_a_finding_of_one_target_names_it(bundle, run):
    files = {
        "databricks.yml": JOB.format(comment="").replace("laod", "load").replace("  prod:\n", "  prod:\n" + _OVERRIDE)
    }
    said = run(bundle(files), "--all-targets", *REFERENCES)
    assert said.code == 1
    assert "only in: prod" in said.out


_OVERRIDE = """    resources:
      jobs:
        nightly:
          tasks:
            - task_key: load
              depends_on:
                - task_key: nobody
"""


def test_a_bundle_that_does_not_load_ends_with_2_and_one_line(bundle, run):
    root = bundle({"databricks.yml": "bundle:\n  name: [\n"})
    said = run(root, "-o", "json")
    assert said.code == 2
    assert said.err.startswith("Error: databricks.yml:")
    content = json.loads(said.out)
    assert content["findings"] == []
    assert content["problems"][0]["file"] == "databricks.yml"


def test_one_target_that_does_not_load_does_not_hide_the_others(bundle, run):
    text = JOB.format(comment="").replace("  prod:\n", "  prod:\n    variables:\n      nobody: 1\n")
    said = run(bundle({"databricks.yml": text}), "--all-targets", "-o", "json", *REFERENCES)
    assert said.code == 2
    assert [one["targets"] for one in said.findings] == [["dev"]]
    assert "target prod does not load" in said.err


def test_without_findings_it_ends_with_0(bundle, run):
    said = run(bundle({"databricks.yml": JOB.format(comment="").replace("laod", "load")}), *REFERENCES)
    assert (said.code, said.out) == (0, "Nothing found in target dev.\n")


def test_a_warning_alone_ends_with_0(bundle, run):
    text = JOB.format(comment="").replace("laod", "load") + "variables:\n  spare:\n    default: x\n"
    said = run(bundle({"databricks.yml": text}), "-o", "json", *REFERENCES)
    assert [one["rule"] for one in said.findings] == ["unused-variable"]
    assert said.code == 0


def test_text_shows_the_line(bundle, run):
    said = run(bundle({"databricks.yml": JOB.format(comment="")}), *REFERENCES)
    assert said.out.splitlines()[:5] == [
        f"error[{UNKNOWN}]: task report depends on laod, and the job has no such task",
        f"  --> databricks.yml:{LINE}  resources.jobs.nightly.tasks[1].depends_on[0]",
        "   |",
        f"{LINE} |             - task_key: laod",
        "   |",
    ]
    assert said.out.endswith("\n1 error, 0 warnings in target dev.\n")


def test_a_secret_is_not_shown(bundle, run):
    token = "da" + "pi" + "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    text = JOB.format(comment="").replace("laod", "load") + f"variables:\n  spare:\n    default: {token}\n"
    root = bundle({"databricks.yml": text})
    for format in ("text", "json", "github", "sarif"):
        said = run(root, "-o", format, "--select", "secrets")
        assert said.code == 1
        assert token not in said.out + said.err
    run(root, "--baseline", "known.json", "--write-baseline", "--select", "secrets")
    assert token not in (root / "known.json").read_text()


def test_github_annotations_are_from_the_root_of_the_repository(bundle, run, monkeypatch):
    root = bundle({"databricks.yml": JOB.format(comment="")})
    monkeypatch.setenv("GITHUB_WORKSPACE", str(root.parent))
    said = run(root, "-o", "github", *REFERENCES)
    (line,) = said.out.splitlines()
    assert line.startswith(
        f"::error file=bundle/databricks.yml,line={LINE},title={UNKNOWN}::task report depends on laod"
    )
    assert said.code == 1


def test_sarif_has_what_its_readers_ask_for(bundle, run):
    root = bundle({"databricks.yml": JOB.format(comment=""), ".git/HEAD": ""})
    said = run(root, "-o", "sarif", *REFERENCES)
    log = json.loads(said.out)
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-schema-2.1.0.json")
    (of_run,) = log["runs"]
    (rule,) = of_run["tool"]["driver"]["rules"]
    (result,) = of_run["results"]
    assert (rule["id"], result["ruleId"], result["ruleIndex"], result["level"]) == (UNKNOWN, UNKNOWN, 0, "error")
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "databricks.yml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": LINE}
    assert all(rule[name]["text"] for name in ("shortDescription", "fullDescription", "help"))
    assert said.code == 1


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        (f"  # lakeflow-local: ignore[{UNKNOWN}] made by hand in the workspace", []),
        (f"  # lakeflow-local: ignore[other, {UNKNOWN}] made by hand", ["unused-ignore"]),
        (f"  # lakeflow-local: ignore[{UNKNOWN}]", ["ignore-without-reason"]),
        ("  # lakeflow-local: ignore[run-job-cycle] made by hand", [UNKNOWN, "unused-ignore"]),
    ],
)
def test_a_comment_ignores_a_rule_on_its_line_if_it_says_why(bundle, run, comment, left):
    said = run(bundle({"databricks.yml": JOB.format(comment=comment)}), "--all-targets", "-o", "json", *REFERENCES)
    assert sorted(one["rule"] for one in said.findings) == sorted(left)


def test_a_comment_alone_on_its_line_speaks_of_the_next(bundle, run):
    text = JOB.format(comment="").replace("laod", "load") + "variables:" + OTHER
    said = run(bundle({"databricks.yml": text}), "--all-targets", "-o", "json", *REFERENCES)
    assert said.findings == []


def test_an_ignore_is_not_called_unused_where_its_rule_or_a_target_was_not_checked(bundle, run):
    text = JOB.format(comment="  # lakeflow-local: ignore[run-job-cycle] of prod").replace("laod", "load")
    root = bundle({"databricks.yml": text})
    assert run(root, "-o", "json", *REFERENCES).findings == []
    assert run(root, "-o", "json", "--all-targets", "--select", "leftovers,ignores").findings == []


def test_code_ignores_in_its_own_comments(bundle, run):
    job = JOB.format(comment="").replace("laod", "load").replace("/Shared/load", "./load.py")
    code = '# Databricks notebook source\nTEXT = "# lakeflow-local: ignore[x] no comment"\n{}PASSWORD = "Tr0ub4dor-3"\n'
    root = bundle({"databricks.yml": job, "load.py": code.format("")})
    arguments = ("--all-targets", "-o", "json", "--select", "secrets,ignores")
    assert [(one["rule"], one["line"]) for one in run(root, *arguments).findings] == [("secret-in-code", 3)]
    (root / "load.py").write_text(code.format("# lakeflow-local: ignore[secret-in-code] of a database in memory\n"))
    assert run(root, *arguments).findings == []


def test_select_and_ignore_take_rules_and_families_and_settings_are_the_default(bundle, run):
    settings = '[tool.lakeflow-local.check]\nselect = ["references"]\nignore = ["run-job-cycle"]\n'
    root = bundle({"databricks.yml": JOB.format(comment=""), "pyproject.toml": settings})
    assert [one["rule"] for one in run(root, "-o", "json").findings] == [UNKNOWN]
    assert run(root, "-o", "json", "--ignore", UNKNOWN).findings == []
    assert run(root, "-o", "json", "--select", "leftovers").findings == []
    assert (
        run(root, "--select", "referenced").err
        == "Error: there is no rule or family referenced; did you mean references, reference-to-other-kind?\n"
    )


def test_a_baseline_hides_what_is_known_and_not_what_is_new(bundle, run):
    root = bundle({"databricks.yml": JOB.format(comment="")})
    arguments = ("--baseline", "known.json", "-o", "json", *REFERENCES)
    assert run(root, "--write-baseline", *arguments).code == 0
    assert run(root, *arguments).findings == []
    text = (root / "databricks.yml").read_text()
    (root / "databricks.yml").write_text("# a line above\n" + text)
    assert run(root, *arguments).findings == []
    (root / "databricks.yml").write_text(text.replace("laod", "laood"))
    assert [one["rule"] for one in run(root, *arguments).findings] == [UNKNOWN]
    (root / "known.json").write_text("{}")
    assert run(root, *arguments).err == "Error: known.json: is no baseline: write it anew with --write-baseline\n"


def test_explain_prints_a_rule(tmp_path, run):
    said = run(tmp_path, "--explain", UNKNOWN)
    assert said.code == 0
    assert said.out.startswith(f"### {UNKNOWN}\n") and "- task_key: laod" in said.out
    assert "did you mean depends-on-unknown-task" in run(tmp_path, "--explain", "depends-on-unknown").err


def test_the_page_of_the_rules_is_current():
    page = Path(__file__).parents[2] / "docs" / "rules.md"
    assert page.read_text(encoding="utf-8") == pages(all_rules().values()) + "\n", (
        "write it anew: lakeflow-local check --explain all > lakeflow-local/docs/rules.md"
    )


def test_nothing_of_the_bundle_is_executed(bundle, run):
    job = JOB.format(comment="").replace("laod", "load").replace("/Shared/load", "./load.py")
    job += "python:\n  resources:\n    - made:resources\n"
    trap = "import pathlib\npathlib.Path(__file__).with_name('executed').touch()\n"
    code = {name: trap for name in ("made.py", "setup.py", "conftest.py", "sitecustomize.py")}
    root = bundle({"databricks.yml": job, "load.py": "# Databricks notebook source\n" + trap, **code})
    said = run(root, "--all-targets")
    assert not (root / "executed").exists()
    assert "resources that Python code defines were not loaded; --run-python runs that code" in said.err


def test_a_variable_without_a_value_is_no_reason_to_look_at_nothing(bundle, run):
    text = JOB.format(comment="").replace("/Shared/load", "/Shared/${var.name}") + "variables:\n  name:\n"
    said = run(bundle({"databricks.yml": text}), "-o", "json", *REFERENCES)
    assert [one["rule"] for one in said.findings] == [UNKNOWN]
    assert "target dev: no value for name" in said.err
