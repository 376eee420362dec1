"""The platform's own types accept every job and the pipeline: no field that is unknown, missing or of a wrong kind."""

import copy

import pytest
from databricks.bundles.jobs import Job
from databricks.bundles.pipelines import Pipeline

SET_BY_THE_CLI = ("deployment", "edit_mode", "format")  # of a resolved bundle; not fields that a user may write
MISSED_BY_THE_TYPES = ("edition", "cascade_on_destroy")


def written(resource, without=SET_BY_THE_CLI):
    return {key: value for key, value in copy.deepcopy(resource).items() if key not in without}


def test_every_job_fits_the_types(jobs):
    for name, job in jobs.items():
        assert Job.from_dict(written(job)).name == job["name"], name


def test_the_pipeline_fits_the_types(config):
    pipeline = written(config["resources"]["pipelines"]["payouts"], SET_BY_THE_CLI + MISSED_BY_THE_TYPES)
    assert Pipeline.from_dict(pipeline).serverless is True


def test_the_types_notice_an_unknown_field_deep_inside(resolve):
    job = written(resolve("prod")["resources"]["jobs"]["daily_payouts"])
    job["tasks"][0]["max_retry"] = 3
    with pytest.raises(Exception, match="max_retry"):
        Job.from_dict(job)


def test_every_job_and_pipeline_carries_only_what_was_written_or_set_by_the_cli(config):
    """What this test strips above is what the CLI adds, and nothing of ours."""
    for job in config["resources"]["jobs"].values():
        assert job.get("edit_mode", "UI_LOCKED") == "UI_LOCKED" and job.get("format", "MULTI_TASK") == "MULTI_TASK"
