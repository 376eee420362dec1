"""Runs that start at the wrong time or never, and failures that nobody hears of."""

from tests.mutants.draft import Draft
from tests.mutants.operator import family

operator = family("schedules")
JOBS = "resources/*.job.yml"
CRON = r"quartz_cron_expression: (0 0 6 \* \* \?)"


@operator()
def cron_of_unix(draft: Draft) -> None:
    """The schedule is written as for Unix, with five fields."""
    draft.put(draft.pick(JOBS, CRON), '"0 6 * * *"', 1)


@operator()
def cron_without_question_mark(draft: Draft) -> None:
    """Both day fields of a Quartz expression are stars."""
    draft.put(draft.pick(JOBS, CRON), '"0 0 6 * * *"', 1)


@operator()
def cron_out_of_range(draft: Draft) -> None:
    """The hour of an alert's schedule is one that no day has."""
    draft.put(draft.pick("resources/*.alert.yml", r"quartz_cron_schedule: 0 30 (7)"), "24", 1)


@operator("resources/*.yml")
def time_zone_misspelt(draft: Draft) -> None:
    """A time zone is misspelt."""
    draft.put(draft.pick("databricks.yml", r"default: Europe/(Berlin)$"), "Berlni", 1)


@operator()
def hour_that_a_day_in_spring_skips(draft: Draft) -> None:
    """The schedule is moved into the hour that the clocks skip once a year."""
    draft.put(draft.pick(JOBS, CRON), "0 30 2 * * ?", 1)


@operator()
def trigger_below_its_minimum(draft: Draft) -> None:
    """A trigger is told to wait less than the platform allows."""
    place = draft.pick(JOBS, r"(?:min_time_between_triggers|wait_after_last_change)_seconds: (\d+)")
    draft.put(place, "15", 1)


@operator(JOBS)
def too_many_webhooks(draft: Draft) -> None:
    """More destinations are to be told than an event can have."""
    place = draft.pick("targets/prod.yml", r"- id: (\$\{var\.oncall_destination\})$", within="webhooks$")
    draft.add(place, "\n".join(f"- id: 0f5a7c1e-0000-4000-8000-00000000000{n}" for n in range(1, 4)))


@operator()
def warning_without_health_rule(draft: Draft) -> None:
    """The health rule is removed without which a duration warning is never sent."""
    draft.drop(draft.pick(JOBS, r"^      health:$"))


@operator()
def failure_that_nobody_hears_of(draft: Draft) -> None:
    """The line is lost by which somebody is told of a failed run."""
    draft.drop(draft.pick(JOBS, r"on_failure: \$\{var\.webhooks\}"))


@operator(JOBS)
def production_tells_nobody(draft: Draft) -> None:
    """The destinations of production are emptied for a quiet rehearsal and stay empty."""
    place = draft.pick("targets/prod.yml", r"^( +)webhooks:$")
    draft.replace_block(place, [f"{place[1]}webhooks: []"])


@operator("targets/prod.yml")
def schedule_paused_everywhere(draft: Draft) -> None:
    """The schedule is paused for a test, in all targets."""
    place = draft.pick(JOBS, r"timezone_id: ", within="schedule$")
    draft.add(place, "pause_status: PAUSED")


@operator(JOBS)
def trigger_on_a_table_of_our_own(draft: Draft) -> None:
    """A job waits for a table that the first deployment has not made yet."""
    place = draft.pick("databricks.yml", r"^      periodic:$", within="report_trigger/default$")
    name = "${var.catalog}.${resources.schemas.ledger.name}.payout_events"
    draft.replace_block(place, ["      table_update:", "        table_names:", f"          - {name}"])


@operator()
def refusal_that_is_not_retried(draft: Draft) -> None:
    """Two jobs start one pipeline, and one of them gives up when the other is first."""
    place = draft.pick(JOBS, r"max_retries: ([1-9])", within=r"tasks/refresh_\w+$")
    draft.put(place, "0", 1)


@operator()
def alert_of_a_pipeline_misspelt(draft: Draft) -> None:
    """A pipeline is to tell of an event that does not exist."""
    place = draft.pick("resources/*.pipeline.yml", r"- (on-(?:update-fatal|flow)-failure)\b")
    draft.put(place, place[1].replace("-failure", "-failed"), 1)


@operator()
def warning_metric_that_is_another(draft: Draft) -> None:
    """The health rule watches another metric than the warning needs."""
    place = draft.pick(JOBS, r"- metric: (RUN_DURATION_SECONDS)\b")
    draft.put(place, "STREAMING_BACKLOG_SECONDS", 1)
