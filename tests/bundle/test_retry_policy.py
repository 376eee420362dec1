"""docs/retry-policy.md has one row for each task, and the row says what the YAML does."""

import re

COLUMNS = [
    "task",
    "side effect?",
    "a second run would",
    "max_retries",
    "retries below",
    "timeout",
    "who is told",
    "how to rerun",
]


def documented(root):
    """`{(job, task): row}` of the tables, one under each heading that names a job."""
    rows, job = {}, None
    for line in (root / "docs/retry-policy.md").read_text().splitlines():
        if line.startswith("## "):
            heading = re.fullmatch(r"## `(\w+)`", line)
            job = heading and heading[1]
        elif job and line.startswith("| `"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
            assert len(cells) == len(COLUMNS), line
            row = dict(zip(COLUMNS, cells, strict=True))
            assert (job, row["task"]) not in rows, f"{line}: twice"
            rows[job, row["task"].strip("`")] = row
    return rows


def retries(task):
    if "condition_task" in task.spec:
        return "none"
    if "for_each_task" in task.spec:
        return "at the nested task"
    times = task.spec["max_retries"]
    apart = task.spec.get("min_retry_interval_millis")
    return f"{times}, {apart // 1000} s apart" if apart else str(times)


def retries_below(task, config):
    own = config["resources"]["pipelines"]["payouts"]["configuration"]
    if "pipeline_task" in task.spec:
        updates, flows = own["pipelines.numUpdateRetryAttempts"], own["pipelines.maxFlowRetryAttempts"]
        return f"pipeline: {updates} updates, {flows} of a flow"
    if "sql_task" in task.spec:
        return "warehouse: none known"
    if "run_job_task" in task.spec:
        return "those of the tasks of `daily_payouts`"
    if "python_wheel_task" in task.spec:
        return "serverless: off" if task.spec["disable_auto_optimization"] else "serverless: up to 3"
    return "none"


def timeout(task):
    seconds = task.spec.get("timeout_seconds")
    return f"{seconds:,} s" if seconds else "of the job"


def told(task, config):
    words = {"on_failure": "failure", "on_duration_warning_threshold_exceeded": "slow run"}
    webhooks = config["resources"]["jobs"][task.job]["webhook_notifications"]
    text = "`webhooks`: " + ", ".join(word for event, word in words.items() if webhooks[event])
    if "pipeline_task" in task.spec:
        [notification] = config["resources"]["pipelines"]["payouts"]["notifications"]
        text += "; `oncall_emails`: " + ", ".join(f"`{alert}`" for alert in notification["alerts"])
    return text


def test_every_task_of_every_job_has_its_row_and_no_other_has(root, staging_tasks):
    assert list(documented(root)) == [(task.job, task.key) for task in in_reading_order(staging_tasks)]


def in_reading_order(tasks):
    """Jobs as in the document, tasks in the order in which they run."""
    jobs = ["daily_payouts", "backfill_settlement", "ingest_on_arrival", "payouts_report", "seed_landing"]
    order = ["refresh_pipeline", "assess_quality", "quality_gate", "hold_payouts", "prepare_batches", "submit_batches"]
    order += [
        "submit_batch",
        "reconcile",
        "closing_balance",
        "assert_settled",
        "list_settlement_dates",
        "settle_dates",
        "settle_date",
    ]
    rank = {key: number for number, key in enumerate(order)}
    return sorted(tasks, key=lambda task: (jobs.index(task.job), rank.get(task.key, 0)))


def test_the_rows_say_what_the_yaml_does(root, staging_tasks, resolve):
    config, rows = resolve("staging"), documented(root)
    for task in staging_tasks:
        row = rows[task.job, task.key]
        expected = {
            "max_retries": retries(task),
            "retries below": retries_below(task, config),
            "timeout": timeout(task),
            "who is told": told(task, config),
        }
        assert {column: row[column] for column in expected} == expected, str(task)


def test_what_moves_money_is_called_a_side_effect_and_nothing_else_is(root, staging_tasks):
    rows = documented(root)
    assert {str(task) for task in staging_tasks if rows[task.job, task.key]["side effect?"].startswith("**yes**")} == {
        str(task) for task in staging_tasks if task.is_side_effect
    }


def test_no_cell_is_empty(root):
    assert [(key, column) for key, row in documented(root).items() for column, cell in row.items() if not cell] == []


def test_the_limits_of_jobs_are_those_of_the_yaml(root, resolve):
    text = (root / "docs/retry-policy.md").read_text()
    table = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|$", text.split("## Jobs")[1].split("\n## ")[0], re.M))
    jobs = resolve("staging")["resources"]["jobs"]
    expected = {}
    for name, job in jobs.items():
        [rule] = job["health"]["rules"]
        expected[name] = f"{job['timeout_seconds']:,} s | {rule['value']:,} s | {job['max_concurrent_runs']}, queued"
    assert table == expected
