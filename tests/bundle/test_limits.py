"""Every job has its limits, says whom it tells, and gives the reason of each such setting beside it."""

import re

import pytest

LIMITS = (
    "max_retries|min_retry_interval_millis|retry_on_timeout|disable_auto_optimization|timeout_seconds|max_concurrent_runs|concurrency|enabled|metric|"
    "on_failure|on_duration_warning_threshold_exceeded|no_alert_for_canceled_runs|no_alert_for_skipped_runs|"
    "pipelines.numUpdateRetryAttempts|pipelines.maxFlowRetryAttempts|notify_on_ok|retrigger_seconds|empty_result_state|"
    "min_time_between_triggers_seconds|wait_after_last_change_seconds|prevent_destroy|cascade_on_destroy"
)
BLOCKS = ("queue", "webhook_notifications", "notification_settings", "notifications", "lifecycle")
SETTING = re.compile(rf"^(?P<indent>[ -]*)(?P<key>{LIMITS}):")


def unexplained(text: str) -> list[str]:
    """Lines with a setting that neither they, nor the line above, nor the line of their block explain by a comment."""
    lines = text.splitlines()

    def has_comment(number: int) -> bool:
        return " # " in lines[number] or lines[number - 1].lstrip().startswith("#")

    found = []
    for number, line in enumerate(lines):
        if (match := SETTING.match(line)) is None:
            continue
        indent = len(match["indent"])
        parent = next(
            (
                n
                for n in range(number - 1, -1, -1)
                if lines[n].strip() and len(re.match(r"[ -]*", lines[n])[0]) < indent
            ),
            0,
        )
        of_block = lines[parent].strip().split(":")[0] in BLOCKS and has_comment(parent)
        if not has_comment(number) and not of_block:
            found.append(f"{number + 1}: {line.strip()}")
    return found


def test_every_retry_timeout_and_notification_setting_has_its_reason_beside_it(root):
    missing = {path.name: unexplained(path.read_text()) for path in sorted(root.glob("resources/*.yml"))}
    assert {name: lines for name, lines in missing.items() if lines} == {}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("      max_retries: 0  # it fails on purpose\n", []),
        ("      # it fails on purpose\n      max_retries: 0\n", []),
        ("      queue:  # waits its turn\n        enabled: true\n", []),
        ("      task_key: a\n      max_retries: 0\n", ["2: max_retries: 0"]),
    ],
)
def test_a_reason_is_a_comment_on_the_line_above_it_or_at_its_block(text, lines):
    assert unexplained(text) == lines


def test_every_job_has_a_timeout_a_queue_and_one_run_at_a_time(jobs):
    for name, job in jobs.items():
        assert job["timeout_seconds"] > 0, name
        assert job["queue"] == {"enabled": True}, name
        assert job["max_concurrent_runs"] == 1, f"{name}: development would otherwise set 4"


def test_limits_are_written_down_and_not_left_to_defaults(sources):
    """Resolved, they look the same: the CLI would set a queue and one run, and development another number."""
    written = [
        job
        for document in sources.values()
        for block in [document, *document.get("targets", {}).values()]
        for job in block.get("resources", {}).get("jobs", {}).values()
    ]
    assert len(written) == 4 + 3, "seed_landing is seen under each target that has it"
    for job in written:
        assert {"max_concurrent_runs", "queue", "timeout_seconds", "notification_settings"} <= set(job), job["name"]


def test_every_job_warns_of_a_slow_run_before_its_timeout_and_tells_somebody(jobs, config):
    webhooks = config["variables"]["webhooks"]["value"]
    for name, job in jobs.items():
        [rule] = job["health"]["rules"]
        assert (rule["metric"], rule["op"]) == ("RUN_DURATION_SECONDS", "GREATER_THAN"), name
        assert 0 < rule["value"] < job["timeout_seconds"], name
        assert job["webhook_notifications"] == {
            "on_failure": webhooks,
            "on_duration_warning_threshold_exceeded": webhooks,
        }, name


def test_every_job_carries_the_commit_and_the_version(jobs):
    for name, job in jobs.items():
        assert {"project", "version", "git_branch", "git_commit"} <= set(job["tags"]), name
        assert re.fullmatch("[0-9a-f]{40}", job["tags"]["git_commit"]), name


def test_every_task_that_runs_code_has_a_timeout_and_fits_into_its_job(tasks, jobs):
    for task in tasks:
        if "condition_task" not in task.spec and "for_each_task" not in task.spec:
            assert 0 < task.spec["timeout_seconds"] <= jobs[task.job]["timeout_seconds"], str(task)


def test_no_attempt_is_repeated_because_it_was_too_slow(tasks):
    for task in tasks:
        assert task.spec.get("retry_on_timeout", False) is False, str(task)


def test_on_serverless_a_declared_number_of_retries_is_the_number_of_retries(tasks):
    for task in tasks:
        if "python_wheel_task" in task.spec:
            assert task.spec["disable_auto_optimization"] is True, f"{task}: serverless would retry as it likes"
            assert "max_retries" in task.spec, str(task)
