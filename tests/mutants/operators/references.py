"""Names that mean nothing: of tasks, values, parameters, resources, environments."""

from tests.mutants.draft import Draft
from tests.mutants.operator import family

operator = family("references")
JOBS = "resources/*.job.yml"


@operator()
def depends_on_misspelt(draft: Draft) -> None:
    """A dependency is misspelt."""
    place = draft.pick(JOBS, r"- task_key: (\w+)$", within="depends_on$")
    draft.put(place, draft.misspelt(place[1]), 1)


@operator()
def task_renamed_but_not_its_dependents(draft: Draft) -> None:
    """A task gets a better name, and those that depend on it keep the old one."""
    place = draft.pick(JOBS, r"- task_key: (refresh_pipeline|submit_batches|reconcile)$", within="tasks$")
    draft.put(place, f"{place[1]}_v2", 1)


@operator()
def dependency_in_a_circle(draft: Draft) -> None:
    """A task is told to wait for one that waits for it."""
    place = draft.pick(JOBS, r"- task_key: refresh_pipeline$", within="daily_payouts/tasks/assess_quality/depends_on$")
    draft.add(place, "- task_key: reconcile")


@operator()
def task_waits_for_itself(draft: Draft) -> None:
    """A dependency is copied with the task's own name."""
    place = draft.pick(JOBS, r"- task_key: (\w+)$", within=r"tasks/\w+/depends_on$")
    draft.put(place, place.path[-2], 1)


@operator()
def task_copied_with_its_key(draft: Draft) -> None:
    """A task is copied and the key of the copy is not changed."""
    place = draft.pick(JOBS, r"- task_key: (assess_quality|reconcile|list_settlement_dates)$", within="tasks$")
    draft.add(place, "\n" + "\n".join(line[place.indent :] for line in draft.block(place)), after_block=True)


@operator()
def resource_misspelt(draft: Draft) -> None:
    """The key of a resource is misspelt in a reference."""
    place = draft.pick("resources/*.yml", r"\$\{resources\.\w+\.(\w+)\.(?:name|id)\}")
    draft.put(place, draft.misspelt(place[1]), 1)


@operator()
def resource_of_another_type(draft: Draft) -> None:
    """A reference looks for a resource among those of another type."""
    place = draft.pick("resources/*.yml", r"\$\{resources\.(pipelines|jobs)\.\w+\.id\}")
    draft.put(place, {"pipelines": "jobs", "jobs": "pipelines"}[place[1]], 1)


@operator()
def resource_field_that_is_none(draft: Draft) -> None:
    """A reference asks a resource for a field that it does not have."""
    place = draft.pick("resources/*.yml", r"\$\{resources\.(?:schemas|volumes)\.\w+\.(name)\}")
    draft.put(place, "schema", 1)


@operator()
def variable_misspelt(draft: Draft) -> None:
    """The name of a variable is misspelt where it is used."""
    place = draft.pick("resources/*.yml", r"\$\{var\.(\w+)\}")
    draft.put(place, draft.misspelt(place[1]), 1)


@operator()
def value_of_a_misspelt_task(draft: Draft) -> None:
    """The task of a task value is misspelt."""
    place = draft.pick(JOBS, r"\{\{tasks\.(\w+)\.values\.\w+\}\}", within="parameters$")
    draft.put(place, draft.misspelt(place[1]), 1)


@operator()
def value_of_a_later_task(draft: Draft) -> None:
    """A task asks for the value of a task that has not run yet."""
    place = draft.pick(JOBS, r"\{\{job\.run_id\}\}$", within="tasks/assess_quality/python_wheel_task/parameters$")
    draft.put(place, "{{tasks.prepare_batches.values.plan_id}}")


@operator()
def value_that_no_task_sets(draft: Draft) -> None:
    """The key of a task value is not the one that the task sets."""
    place = draft.pick(JOBS, r"\{\{tasks\.\w+\.values\.(settlement_date|plan_id|batches|settlement_dates)\}\}")
    draft.put(place, place[1].replace("settlement_", "payout_").replace("plan", "batch").replace("batches", "keys"), 1)


@operator()
def task_field_that_is_none(draft: Draft) -> None:
    """A reference asks a task for a field that tasks do not have."""
    place = draft.pick(JOBS, r"\{\{tasks\.\w+\.(result_state)\}\}")
    draft.put(place, "state", 1)


@operator()
def job_field_that_is_none(draft: Draft) -> None:
    """A reference asks the job for a field that jobs do not have."""
    place = draft.pick(JOBS, r"\{\{job\.(run_id|repair_count|trigger\.time\.iso_datetime)\}\}")
    draft.put(place, place[1].replace("_", "").replace("iso", "iso_"), 1)


@operator()
def job_parameter_misspelt(draft: Draft) -> None:
    """A job parameter is misspelt where a task reads it."""
    place = draft.pick(JOBS, r"\{\{job\.parameters\.(\w+)\}\}")
    draft.put(place, draft.misspelt(place[1]), 1)


@operator()
def job_parameter_removed(draft: Draft) -> None:
    """A job parameter is removed, and a task still reads it."""
    place = draft.pick(JOBS, r"- name: (accepted_quarantined_rows|cancel_claims|to_date)\b", within="parameters$")
    draft.drop(place)


@operator()
def parameter_of_the_child_job_misspelt(draft: Draft) -> None:
    """A job is run with a parameter that it does not declare."""
    place = draft.pick(JOBS, r"(settlement_date): \"\{\{input\}\}\"", within="run_job_task/job_parameters$")
    draft.put(place, "date", 1)


@operator()
def environment_key_misspelt(draft: Draft) -> None:
    """A task asks for an environment that its job does not have."""
    place = draft.pick(JOBS, r"environment_key: (payouts)$", within=r"tasks/\w+$")
    draft.put(place, draft.misspelt(place[1]), 1)


@operator()
def environments_removed(draft: Draft) -> None:
    """The environments of a job are removed, and its tasks still ask for one."""
    draft.drop(draft.pick(JOBS, r"^      environments:$"))


@operator()
def jobs_run_each_other(draft: Draft) -> None:
    """A job runs the job by which it is run."""
    place = draft.pick("resources/daily_payouts.job.yml", r"- task_key: assert_settled$", within="tasks$")
    text = "\n- task_key: catch_up\n  depends_on:\n    - task_key: assert_settled\n  run_job_task:\n"
    draft.add(place, text + "    job_id: ${resources.jobs.backfill_settlement.id}", after_block=True)


@operator()
def outcome_of_an_ordinary_task(draft: Draft) -> None:
    """A dependency asks for the outcome of a task that is no condition."""
    place = draft.pick(
        JOBS, r"- task_key: (assess_quality|submit_batches|list_settlement_dates)$", within="depends_on$"
    )
    draft.add(place, 'outcome: "true"', indent=2)


@operator()
def input_outside_of_a_loop(draft: Draft) -> None:
    """A task that is not in a for-each asks for the input of its iteration."""
    place = draft.pick(JOBS, r"- --run_id=(\{\{job\.run_id\}\})$", within=r"tasks/(reconcile|assert_settled)/")
    draft.put(place, "{{input}}", 1)
