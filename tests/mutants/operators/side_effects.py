"""Tasks that cannot be taken back, repeated by the platform or by hand."""

from tests.mutants.draft import Draft, Place
from tests.mutants.operator import family

operator = family("side effects")
DAILY = "resources/daily_payouts.job.yml"
JOBS = "resources/*.job.yml"
SIDE_EFFECT = r"submit_batches/for_each_task/task$|settle_dates/for_each_task/task$"


def _of_submit(draft: Draft, regex: str) -> Place:
    return draft.pick(DAILY, regex, within="submit_batches/for_each_task/task$")


@operator()
def payment_retried(draft: Draft) -> None:
    """The task that moves money is retried like any other."""
    draft.put(_of_submit(draft, r"max_retries: (0)"), "3", 1)


@operator()
def payment_retried_for_ever(draft: Draft) -> None:
    """The task that moves money is retried until it succeeds."""
    draft.put(_of_submit(draft, r"max_retries: (0)"), "-1", 1)


@operator()
def payment_retried_by_the_platform(draft: Draft) -> None:
    """The line is lost that keeps serverless compute from retrying a payment."""
    draft.drop(_of_submit(draft, r"disable_auto_optimization: true"))


@operator()
def payment_optimised(draft: Draft) -> None:
    """The automatic retries are switched on for a side effect."""
    place = draft.pick(JOBS, r"disable_auto_optimization: (true)", within=SIDE_EFFECT)
    draft.put(place, "false", 1)


@operator()
def payment_without_retry_block(draft: Draft) -> None:
    """All three lines about retries are removed as noise."""
    for regex in (r"max_retries: 0", r"retry_on_timeout: false", r"disable_auto_optimization: true"):
        draft.drop(_of_submit(draft, regex))


@operator()
def payment_retried_after_a_timeout(draft: Draft) -> None:
    """An attempt that timed out is retried, although it may still be sending."""
    place = draft.pick(JOBS, r"retry_on_timeout: (false)", within=SIDE_EFFECT)
    draft.put(place, "true", 1)


@operator()
def payment_without_timeout(draft: Draft) -> None:
    """A side effect may hang for ever."""
    draft.drop(draft.pick(JOBS, r"timeout_seconds: \d+", within=SIDE_EFFECT))


@operator()
def payments_at_once(draft: Draft) -> None:
    """Several runs of a job that moves money are allowed at once."""
    place = draft.pick(DAILY, r"max_concurrent_runs: (1)")
    draft.put(place, "5", 1)


@operator()
def retries_at_both_levels(draft: Draft) -> None:
    """The pipeline's own retries are no longer limited, and the task that starts it is retried as well."""
    draft.drop(draft.pick("resources/*.pipeline.yml", r"pipelines\.numUpdateRetryAttempts:"))


@operator()
def more_retries_at_both_levels(draft: Draft) -> None:
    """The pipeline's own retries are raised, and the task that starts it is retried as well."""
    place = draft.pick("resources/*.pipeline.yml", r"pipelines\.numUpdateRetryAttempts: \"(0)\"")
    draft.put(place, "5", 1)


@operator()
def refresh_retried_for_ever(draft: Draft) -> None:
    """A refresh is retried without an end, and nobody ever hears of it."""
    place = draft.pick(JOBS, r"max_retries: ([1-9])", within=r"tasks/refresh_\w+$")
    draft.put(place, "-1", 1)


@operator("src/payouts/**/*.py")
def side_effect_no_longer_declared(draft: Draft) -> None:
    """The description of the task that moves money is rewritten, and no longer says so."""
    place = _of_submit(draft, r"description: (\".*\")$")
    draft.put(place, "Sends one batch to the gateway.", 1)


@operator(JOBS)
def mail_from_a_task_that_does_not_say_so(draft: Draft) -> None:
    """A task sends a mail by itself, and its description says nothing about it."""
    place = draft.pick("src/payouts/tasks/assert_settled.py", r"^    arguments = parser\(\)\.parse_args\(\)$")
    draft.add(
        place,
        'import smtplib\n\nwith smtplib.SMTP("mail.example") as server:\n'
        '    server.sendmail("jobs@marketplace.example", ["finance@marketplace.example"], "Settled.")',
    )


@operator(JOBS)
def ticket_from_a_task_that_does_not_say_so(draft: Draft) -> None:
    """A task opens a ticket by itself, and its description says nothing about it."""
    place = draft.pick("src/payouts/tasks/assess_quality.py", r"^    arguments = parser\(\)\.parse_args\(\)$")
    draft.add(
        place,
        'import httpx\n\nhttpx.post("https://tickets.example/api", json={"title": "judging payouts"}, timeout=10)',
    )


@operator()
def side_effect_copied_without_its_block(draft: Draft) -> None:
    """A new side effect is added with nothing but its program."""
    place = draft.pick(DAILY, r"- task_key: assert_settled$", within="tasks$")
    draft.add(
        place,
        '\n- task_key: tell_sellers\n  description: "Side effect: writes to every seller who was paid."\n'
        "  depends_on:\n    - task_key: assert_settled\n  python_wheel_task:\n    package_name: payouts\n"
        "    entry_point: list_settlement_dates\n    parameters:\n      - --from_date=2026-01-01\n"
        "      - --to_date=2026-01-02\n  environment_key: payouts",
        after_block=True,
    )
