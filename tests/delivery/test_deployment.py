"""Only the reviewed plan of the released archive is deployed, and the workspace is looked at afterwards."""

import json

import pytest

from delivery import deployment, plans
from delivery.databricks import Databricks
from delivery.errors import DeliveryError

FOLDER = "/Workspace/Applications/payouts/prod/files"
PLAN = {
    "plan_version": 2,
    "plan": {
        "resources.jobs.daily_payouts": {
            "action": "update",
            "changes": {
                "tags.git_commit": {"action": "update", "old": "a", "new": "b"},
                "queue": {"action": "skip", "old": 1, "new": 1},
            },
        },
        "resources.jobs.new": {"action": "create"},
        "resources.schemas.ledger": {"action": "skip"},
    },
}


def settings(wheel: str, branch: str = "main") -> dict:
    environment = {"environment_key": "payouts", "spec": {"dependencies": [wheel]}}
    return {
        "bundle": {"git": {"branch": branch}},
        "workspace": {"host": "https://prod.example", "file_path": FOLDER},
        "resources": {"jobs": {"daily_payouts": {"environments": [environment]}}},
    }


@pytest.fixture
def prod(unpacked, cli) -> Databricks:
    """A workspace in which all goes well."""
    cli.answers("bundle-validate", settings(f"{FOLDER}/{unpacked.manifest.wheel}"))
    cli.answers("bundle-plan", PLAN)
    cli.answers("second-plan", {"plan": {"resources.jobs.daily_payouts": {"action": "skip"}}})
    cli.answers("version", {"Version": "1.13.0"})
    cli.answers("workspace-export", unpacked.wheel.read_bytes())
    return Databricks(unpacked, "prod")


@pytest.fixture
def planned(prod, tmp_path):
    plans.make(prod, tmp_path / "plan")
    return tmp_path / "plan"


def refused(cli, prod, planned, complaint: str, **options) -> None:
    with pytest.raises(DeliveryError, match=complaint):
        deployment.deploy(prod, planned, **options)
    assert "bundle deploy" not in cli.commands()


def test_the_plan_that_was_reviewed_is_the_one_that_is_deployed(cli, prod, planned) -> None:
    deployment.deploy(prod, planned)
    [deployed] = [call for call in cli.calls() if call["arguments"][:2] == ["bundle", "deploy"]]
    assert deployed["arguments"][2:] == [
        *("-t", "prod", "--plan", str(planned / "plan.json")),
        *("--fail-on-active-runs", "--auto-approve"),
    ]
    assert cli.commands()[-3:] == ["bundle deploy", "workspace export", "bundle plan"]


def test_no_call_builds_and_each_passes_the_commit(cli, prod, planned) -> None:
    deployment.deploy(prod, planned)
    assert {(call["commit"], call["wheel_build"]) for call in cli.calls()} == {(prod.release.manifest.commit, "true")}


def test_a_plan_that_was_touched_is_refused(cli, prod, planned) -> None:
    (planned / "plan.json").write_text((planned / "plan.json").read_text().replace('"create"', '"delete"'))
    refused(cli, prod, planned, "is not the plan that was sealed")


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("target", "staging", "target"),
        ("host", "https://other.example", "workspace"),
        ("release", "0" * 64, "release"),
        ("commit", "0" * 40, "commit"),
        ("cli", "1.14.0", "CLI"),
    ],
)
def test_a_plan_of_something_else_is_refused(cli, prod, planned, field, value, what) -> None:
    seal = json.loads((planned / "seal.json").read_text())
    (planned / "seal.json").write_text(json.dumps({**seal, field: value}))
    refused(cli, prod, planned, f"the plan is of another {what}")


def test_a_plan_of_a_workspace_that_has_changed_since_is_refused(cli, prod, planned) -> None:
    """A first deployment above all: its plan knows no state, and the CLI would create everything a second time."""
    cli.answers("bundle-plan", {"plan": {"resources.jobs.daily_payouts": {"action": "skip"}}})
    refused(cli, prod, planned, "prod is not any more what it was when the plan was made: plan again")


def test_a_release_of_another_branch_is_refused(cli, prod, planned) -> None:
    cli.answers("bundle-validate", settings("x", branch="release"))
    refused(cli, prod, planned, "prod takes releases of release only; this one was made of main")


@pytest.mark.parametrize("action", ["delete", "recreate"])
@pytest.mark.parametrize("key", ["schemas.ledger", "volumes.landing", "pipelines.payouts"])
def test_a_plan_that_would_lose_data_is_refused_unless_it_is_meant(cli, prod, tmp_path, action, key) -> None:
    cli.answers("bundle-plan", {"plan": {f"resources.{key}": {"action": action}}})
    plans.make(prod, tmp_path / "plan")
    assert f"- **{action}** `{key}`: **holds data**" in (tmp_path / "plan/plan.md").read_text()
    refused(cli, prod, tmp_path / "plan", f"deletes or recreates {key}")
    deployment.deploy(prod, tmp_path / "plan", may_lose_data=True)


def test_a_job_may_go_and_grants_may_change(cli, prod, tmp_path) -> None:
    entries = {"resources.jobs.old": {"action": "delete"}, "resources.schemas.reporting.grants": {"action": "delete"}}
    cli.answers("bundle-plan", {"plan": entries})
    plans.make(prod, tmp_path / "plan")
    deployment.deploy(prod, tmp_path / "plan")


def test_other_bytes_of_the_wheel_in_the_workspace_are_noticed(cli, prod, planned) -> None:
    cli.answers("workspace-export", b"the wheel of last week")
    with pytest.raises(DeliveryError, match="has other bytes than the wheel of the release"):
        deployment.deploy(prod, planned)


def test_a_job_that_installs_another_wheel_is_noticed(cli, prod, planned) -> None:
    cli.answers("bundle-validate", settings(f"{FOLDER}/dist/payouts-0-py3-none-any.whl"))
    with pytest.raises(DeliveryError, match="these jobs do not install"):
        deployment.deploy(prod, planned)


def test_a_second_plan_with_something_to_do_is_noticed(cli, prod, planned) -> None:
    cli.answers("second-plan", PLAN)
    with pytest.raises(
        DeliveryError, match=r"(?s)prod is not as the release says.*update jobs.daily_payouts tags.git_commit"
    ):
        deployment.deploy(prod, planned)


def test_the_page_shows_each_field_that_changes_and_not_what_stays(planned) -> None:
    page = (planned / "plan.md").read_text()
    assert page.startswith("## Plan for prod: 1 to add, 1 to change, 0 to delete or recreate\n")
    assert '- update `jobs.daily_payouts`\n  - `tags.git_commit`: `"a"` → `"b"`\n' in page
    assert "queue" not in page and "schemas.ledger" not in page


def test_what_is_deployed_is_known_by_the_tag_of_the_job(cli, prod) -> None:
    cli.answers("jobs-list", [{"settings": {"tags": {"git_commit": "abc"}}}])
    assert deployment.deployed_commit(prod) == "abc"
    cli.answers("jobs-list", [])
    with pytest.raises(DeliveryError, match="0 jobs are called daily_payouts"):
        deployment.deployed_commit(prod)
