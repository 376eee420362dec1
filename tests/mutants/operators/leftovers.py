"""What nobody uses any more."""

from collections import Counter

from tests.mutants.draft import Draft
from tests.mutants.operator import family

operator = family("leftovers")


@operator()
def variable_that_nothing_reads(draft: Draft) -> None:
    """A variable is declared for something that was never built."""
    place = draft.pick("databricks.yml", r"^  (readers|tags|webhooks|wheel):$", within="^variables$")
    draft.add(place, "archive_path:\n  description: Where old files go.\n  default: /tmp/archive", after_block=True)


@operator("databricks.yml")
def last_use_of_a_variable_replaced(draft: Draft) -> None:
    """The only use of a variable is replaced by its value, and the variable stays."""
    used = Counter(
        place[1] for files in ("databricks.yml", "resources/*.yml", "targets/*.yml")
        for place in draft.places(files, r"\$\{var\.(\w+)\}")
    )  # fmt: skip
    once = [name for name in ("max_quarantined_orders_percent", "minimum_payout_jpy", "minimum_payout_eur", "readers")
            if used[name] == 1]  # fmt: skip
    place = draft.pick("resources/*.yml", r"\$\{var\.(\w+)\}", where=lambda place: place[1] in once)
    draft.put(place, "5" if place[1] != "readers" else "account users")


@operator()
def volume_that_nothing_uses(draft: Draft) -> None:
    """A volume is added, and neither a job nor the pipeline refers to it."""
    draft.add_file(
        "resources/archive.volume.yml",
        "resources:\n  volumes:\n    archive:\n      name: archive\n      catalog_name: ${var.catalog}\n"
        "      schema_name: ${resources.schemas.pipeline.name}\n      volume_type: MANAGED\n",
    )


@operator()
def pipeline_that_nothing_runs(draft: Draft) -> None:
    """A second pipeline is added for a try, and no job ever runs it."""
    draft.add_file(
        "resources/trial.pipeline.yml",
        "resources:\n  pipelines:\n    trial:\n      name: trial\n      catalog: ${var.catalog}\n"
        "      schema: ${resources.schemas.reporting.name}\n      serverless: true\n      libraries:\n"
        "        - glob:\n            include: ../pipelines/payouts/gold/**\n",
    )


@operator()
def job_parameter_that_nothing_reads(draft: Draft) -> None:
    """A job parameter is declared and no task gets it."""
    place = draft.pick("resources/*.job.yml", r"- name: (settlement_date|to_date)\b", within="parameters$")
    draft.add(place, '- name: dry_run\n  default: "false"', after_block=True)


@operator()
def job_parameter_no_longer_read(draft: Draft) -> None:
    """A task gets a fixed value where it got a job parameter, and the parameter stays."""
    place = draft.pick("resources/*.yml", r"\{\{job\.parameters\.(accepted_quarantined_rows|days|seed)\}\}")
    draft.put(place, "2")


@operator()
def environment_that_no_task_uses(draft: Draft) -> None:
    """A job gets a second environment, and no task asks for it."""
    place = draft.pick("resources/*.job.yml", r"- environment_key: payouts$", within=r"\w+/environments$")
    text = '- environment_key: slim\n  spec:\n    environment_version: "5"'
    draft.add(place, text, after_block=True)
