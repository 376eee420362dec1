"""Branches that are not taken, conditions that cannot be true, and leaves that hide a failure."""

from tests.mutants.draft import Draft
from tests.mutants.operator import family

operator = family("control flow")
DAILY = "resources/daily_payouts.job.yml"
JOBS = "resources/*.job.yml"


@operator()
def retries_of_a_loop(draft: Draft) -> None:
    """Retries are written on the for-each itself."""
    place = draft.pick(JOBS, r"^ +(for_each_task):$", within=r"tasks/\w+$")
    draft.add(place, "max_retries: 2", after_block=True)


@operator()
def loop_in_a_loop(draft: Draft) -> None:
    """A for-each goes over dates, and inside it another over batches."""
    place = draft.pick(DAILY, r"^            task:$", within="for_each_task$")
    inner = [f"      {line}" if line else "" for line in draft.block(place)[1:]]
    pad = " " * (place.indent + 2)
    head = [f"{pad}task_key: batches_of_date", f"{pad}for_each_task:", f'{pad}  inputs: "{{{{input}}}}"']
    draft.replace_block(place, [place.text, *head, f"{pad}  task:", *(line[2:] for line in inner)])


@operator()
def condition_on_a_word(draft: Draft) -> None:
    """The braces of a condition's reference are forgotten: it compares a fixed word."""
    place = draft.pick(JOBS, r"left: (\"\{\{tasks\.(\w+)\.values\.(\w+)\}\}\")")
    draft.put(place, f"tasks.{place[2]}.values.{place[3]}", 1)


@operator()
def condition_in_capitals(draft: Draft) -> None:
    """A condition compares with a word in another case than the one that the task sets."""
    place = draft.pick(JOBS, r"right: \"(true)\"$", within="condition_task$")
    draft.put(place, "True", 1)


@operator()
def condition_orders_words(draft: Draft) -> None:
    """An operator that compares numbers is given words."""
    place = draft.pick(JOBS, r"op: (EQUAL_TO)$", within="condition_task$")
    draft.put(place, "GREATER_THAN_OR_EQUAL", 1)


@operator()
def condition_on_a_constant(draft: Draft) -> None:
    """A condition was switched off for a test and stayed so."""
    place = draft.pick(JOBS, r"left: (\"\{\{.*\}\}\")$", within="condition_task$")
    draft.put(place, '"true"', 1)


@operator()
def outcome_in_capitals(draft: Draft) -> None:
    """A dependency asks for an outcome that a condition cannot have."""
    place = draft.pick(JOBS, r"outcome: \"(true|false)\"$")
    draft.put(place, place[1].capitalize(), 1)


@operator()
def both_on_one_branch(draft: Draft) -> None:
    """Two tasks ask for the same outcome, and the other one leads nowhere."""
    place = draft.pick(JOBS, r"outcome: \"(false)\"$")
    draft.put(place, "true", 1)


@operator()
def gate_without_outcome(draft: Draft) -> None:
    """A task waits for the gate and forgets to say for which outcome."""
    draft.drop(draft.pick(JOBS, r"outcome: \"true\"$"))


@operator()
def branch_that_fails_removed(draft: Draft) -> None:
    """The branch of a closed gate is removed, because it only fails: the run is green and nobody is paid."""
    draft.drop(draft.pick(DAILY, r"- task_key: hold_payouts$", within="tasks$"))


@operator()
def leaf_that_always_runs(draft: Draft) -> None:
    """The last task is told to run whatever happened before."""
    place = draft.pick(DAILY, r"environment_key: payouts$", within="tasks/assert_settled$")
    draft.add(place, "run_if: ALL_DONE")


@operator()
def cleanup_at_the_end(draft: Draft) -> None:
    """A cleanup task that always runs is added behind the last one."""
    place = draft.pick(DAILY, r"- task_key: assert_settled$", within="tasks$")
    text = "\n- task_key: refresh_report\n  depends_on:\n    - task_key: assert_settled\n  run_if: ALL_DONE\n"
    draft.add(place, text + "  run_job_task:\n    job_id: ${resources.jobs.payouts_report.id}", after_block=True)


@operator()
def leaf_of_the_closed_branch(draft: Draft) -> None:
    """A task that always runs is added behind the one that fails on purpose."""
    place = draft.pick(DAILY, r"- task_key: hold_payouts$", within="tasks$")
    text = "\n- task_key: report_hold\n  depends_on:\n    - task_key: hold_payouts\n  run_if: ALL_DONE\n"
    draft.add(place, text + "  run_job_task:\n    job_id: ${resources.jobs.payouts_report.id}", after_block=True)


@operator()
def run_if_misspelt(draft: Draft) -> None:
    """A condition of another product is written for run_if."""
    place = draft.pick(JOBS, r"run_if: (ALL_DONE)\b")
    draft.put(place, "ALWAYS", 1)


@operator()
def too_many_at_once(draft: Draft) -> None:
    """A for-each is told to run more iterations at once than the platform allows."""
    place = draft.pick(JOBS, r"concurrency: (\d+)\b", within="for_each_task$")
    draft.put(place, "500", 1)


@operator()
def inputs_that_are_no_json(draft: Draft) -> None:
    """The inputs of a for-each are written by hand, without the quotes that JSON wants."""
    place = draft.pick(JOBS, r"inputs: (\"\{\{tasks\.list_settlement_dates\..*\}\}\")$")
    draft.put(place, '"[2026-01-01, 2026-01-02]"', 1)
