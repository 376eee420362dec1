"""The workflows keep their promises, and each promise notices the change that breaks it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from . import promises

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github/workflows"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yml"))}
# Promise, file, what is replaced by what: each is a mistake that somebody could make.
MISTAKES = [
    (
        "one_job_builds",
        "deliver.yml",
        "      - name: Fetch the plan\n",
        "      - run: make release\n      - name: Fetch the plan\n",
    ),
    (
        "one_job_builds",
        "release.yml",
        "make -C unpacked rehearse",
        "databricks bundle deploy -t staging && make -C unpacked rehearse",
    ),
    (
        "one_job_builds",
        "deliver.yml",
        "      - name: Plan\n",
        "      - uses: actions/checkout@" + "0" * 40 + "\n      - name: Plan\n",
    ),
    ("least_rights", "deliver.yml", "permissions: {}\n", "permissions: write-all\n"),
    (
        "least_rights",
        "pull-request.yml",
        "      contents: read\n      id-token: write",
        "      contents: write\n      id-token: write",
    ),
    ("least_rights", "pull-request.yml", "      id-token: write", "      pull-requests: write\n      id-token: write"),
    ("no_secret", "deliver.yml", "${{ vars.DATABRICKS_CLIENT_ID }}", "${{ secrets.DATABRICKS_CLIENT_ID }}"),
    ("no_secret", "drift.yml", "github-oidc", "oauth-m2m"),
    (
        "no_secret",
        "release.yml",
        "      attestations: read\n      id-token: write\n    env:",
        "      attestations: read\n    env:",
    ),
    ("one_identity_each", "drift.yml", "${{ matrix.target }}-plan", "${{ matrix.target }}"),
    ("one_identity_each", "pull-request.yml", "    environment: staging-plan", "    # environment: staging-plan"),
    (
        "never_for_forks",
        "pull-request.yml",
        "    if: github.event.pull_request.head.repo",
        "    # if: github.event.pull_request.head.repo",
    ),
    ("never_for_forks", "pull-request.yml", "  pull_request:\n", "  pull_request_target:\n"),
    ("pinned", "ci.yml", "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1", "actions/checkout@v7"),
    ("pinned", "deliver.yml", "version: 1.13.0", "version: latest"),
    ("pinned", "ci.yml", "ubuntu-24.04", "ubuntu-latest"),
    ("one_at_a_time", "deliver.yml", "cancel-in-progress: false", "cancel-in-progress: true"),
    ("one_at_a_time", "drift.yml", "    timeout-minutes: 15\n", ""),
    ("the_reviewed_plan_is_deployed", "deliver.yml", "    needs: plan\n", ""),
    (
        "the_reviewed_plan_is_deployed",
        "deliver.yml",
        "PLAN: ${{ needs.plan.outputs.plan }}",
        "PLAN: ${{ inputs.plan }}",
    ),
    (
        "the_reviewed_plan_is_deployed",
        "deliver.yml",
        '          echo "$ARCHIVE  $(echo release/*.tar.gz)" | sha256sum --check\n',
        "",
    ),
    (
        "the_reviewed_plan_is_deployed",
        "deliver.yml",
        "make -C unpacked deploy",
        "make -C unpacked plan TARGET=prod && make -C unpacked deploy",
    ),
    ("the_reviewed_plan_is_deployed", "deliver.yml", 'cat plan/plan.md >> "$GITHUB_STEP_SUMMARY"', "cat plan/plan.md"),
    ("provenance_comes_first", "release.yml", "--source-ref refs/heads/main", ""),
    (
        "provenance_comes_first",
        "deliver.yml",
        "          gh attestation verify",
        "          echo gh attestation, later",
    ),
    (
        "provenance_comes_first",
        "release.yml",
        "      - uses: actions/attest-build-provenance@",
        "      - uses: actions/attest-nothing@",
    ),
    ("staging_before_prod", "release.yml", "    needs: rehearse\n", "    needs: build\n"),
    ("staging_before_prod", "release.yml", "    needs: [test, build]\n", "    needs: [build]\n"),
    ("no_input_in_a_script", "pull-request.yml", '"$GITHUB_HEAD_REF"', '"${{ github.head_ref }}"'),
]


def parsed(texts: dict[str, str]) -> dict:
    return {name: yaml.safe_load(text) for name, text in texts.items()}


@pytest.mark.parametrize("promise", promises.PROMISES, ids=lambda promise: promise.__name__)
def test_the_workflows_keep_a_promise(promise) -> None:
    assert promise(parsed(TEXTS)) == []


@pytest.mark.parametrize(("promise", "file", "right", "wrong"), MISTAKES)
def test_a_promise_notices_what_breaks_it(promise: str, file: str, right: str, wrong: str) -> None:
    assert right in TEXTS[file], "the mistake cannot be made any more: choose another"
    broken = parsed({**TEXTS, file: TEXTS[file].replace(right, wrong, 1)})
    assert getattr(promises, promise)(broken) != []


def test_every_promise_has_been_broken_once() -> None:
    assert {name for name, *_ in MISTAKES} == {promise.__name__ for promise in promises.PROMISES}


def test_the_version_of_each_action_stands_beside_its_commit() -> None:
    lines = [line for text in TEXTS.values() for line in text.splitlines() if re.search(r"uses: [^.]", line)]
    assert len(lines) > 20
    assert [line for line in lines if not re.search(r"@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", line)] == []


def test_one_action_has_one_commit_everywhere() -> None:
    found = {
        re.search(r"uses: (\S+)@(\w+)", line).groups()
        for t in TEXTS.values()
        for line in t.splitlines()
        if "@" in line and "uses:" in line
    }
    assert len({name for name, _ in found}) == len(found)


def test_the_cli_is_one_that_the_bundle_takes() -> None:
    wanted = re.search(r">= (\d+)\.(\d+)", (ROOT / "databricks.yml").read_text()).groups()
    used = set(re.findall(r"with: {version: (\d+)\.(\d+)\.\d+}", "".join(TEXTS.values())))
    assert len(used) == 1 and tuple(map(int, used.pop())) >= tuple(map(int, wanted))


def test_a_workflow_calls_what_there_is() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = set(re.findall(r"make (?:-C unpacked )?([a-z-]+)", "".join(TEXTS.values())))
    assert called - targets == set()
    assert {"release", "plan", "deploy", "rehearse", "drift", "validate"} <= called


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not on the PATH")
def test_actionlint_has_nothing_to_say() -> None:
    done = subprocess.run(["actionlint", *map(str, FOLDER.glob("*.yml"))], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
