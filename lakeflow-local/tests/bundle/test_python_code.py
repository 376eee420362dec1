"""Resources that Python code defines (`python.resources`) or changes (`python.mutators`)."""

import pytest

from lakeflow_local.bundle import Workspace, load
from lakeflow_local.errors import BundleError

BUNDLE = """
    bundle: {name: trips}
    variables:
      owner: {default: ada}
    python:
      resources: ["trips:load_resources"]
    targets:
      dev: {mode: development, default: true}
"""
CODE = """
    from databricks.bundles.core import Resources, Variable, variables
    from databricks.bundles.jobs import Job

    @variables
    class Given:
        owner: Variable[str]

    def load_resources(bundle):
        resources = Resources()
        for line in ("red", "blue"):
            task = {"task_key": "count", "spark_python_task": {"python_file": "src/count.py"}, "environment_key": "e"}
            job = Job.from_dict({
                "name": f"{line} on {bundle.target}",
                "tasks": [task],
                "tags": {"owner": Given.owner},
                "environments": [{"environment_key": "e", "spec": {"environment_version": "4"}}],
            })
            resources.add_job(line, job)
        return resources
"""
MUTATOR = """
    from dataclasses import replace

    from databricks.bundles.core import job_mutator
    from databricks.bundles.jobs import Job, JobEmailNotifications

    @job_mutator
    def tell_somebody(job: Job) -> Job:
        return replace(job, email_notifications=JobEmailNotifications(on_failure=["on-call@trips.example"]))
"""


def test_resources_of_python_code_are_resolved_like_those_of_yaml(write):
    bundle = load(write({"databricks.yml": BUNDLE, "trips.py": CODE, "src/count.py": ""}))
    jobs = bundle.resources["jobs"]
    assert sorted(jobs) == ["blue", "red"]
    assert jobs["red"]["name"].startswith("[dev ")
    assert jobs["red"]["name"].endswith("red on dev")
    assert jobs["red"]["tags"]["owner"] == "ada"
    assert jobs["red"]["max_concurrent_runs"] == 4  # a preset of development mode
    assert jobs["red"]["tasks"][0]["spark_python_task"]["python_file"].endswith("/files/src/count.py")
    assert bundle.locate("resources.jobs.red").file.name == "trips.py"


def test_permissions_that_a_mutator_gives_have_an_owner_too(write):
    mutator = """
        from dataclasses import replace

        from databricks.bundles.core import job_mutator
        from databricks.bundles.jobs import JobPermission

        @job_mutator
        def let_readers_look(job):
            return replace(job, permissions=[JobPermission(level="CAN_VIEW", group_name="readers")])
    """
    python = "python: {mutators: ['sharing:let_readers_look']}"
    yaml = f"bundle: {{name: trips}}\n{python}\nresources: {{jobs: {{a: {{name: a}}}}}}\n"
    root = write({"databricks.yml": yaml, "sharing.py": mutator})
    bundle = load(root, workspace=Workspace(user_name="ada@trips.test"))
    assert bundle.resources["jobs"]["a"]["permissions"] == [
        {"group_name": "readers", "level": "CAN_VIEW"},
        {"level": "IS_OWNER", "user_name": "ada@trips.test"},
    ]


def test_mutators_change_the_resources_of_yaml_too(write):
    bundle = load(
        write(
            {
                "databricks.yml": BUNDLE.replace(
                    "resources: [", 'mutators: ["telling:tell_somebody"]\n      resources: ['
                )
                + "    resources:\n      jobs:\n        green: {name: green}\n",
                "trips.py": CODE,
                "src/count.py": "",
                "telling.py": MUTATOR,
            }
        )
    )
    told = {key: job["email_notifications"]["on_failure"] for key, job in bundle.resources["jobs"].items()}
    assert told == {key: ["on-call@trips.example"] for key in ("red", "blue", "green")}


def test_a_key_in_yaml_and_in_python_is_one_error_that_names_both_places(write):
    yaml = BUNDLE + "    resources:\n      jobs:\n        red: {name: red}\n"
    with pytest.raises(BundleError, match=r"trips.py:\d+: jobs.red is defined here and in databricks.yml:10"):
        load(write({"databricks.yml": yaml, "trips.py": CODE}))


def test_code_that_fails_is_one_error_with_its_file_and_line(write):
    broken = CODE.replace("resources = Resources()", "raise ValueError('no timetable')")
    with pytest.raises(BundleError, match=r"trips.py:\d+: Failed to load resources: ValueError: no timetable") as found:
        load(write({"databricks.yml": BUNDLE, "trips.py": broken}))
    assert "\n" not in str(found.value)


def test_a_function_that_is_not_there_is_named_with_its_file(write):
    with pytest.raises(BundleError, match=r"trips.py: Name 'load_resources' not found"):
        load(write({"databricks.yml": BUNDLE, "trips.py": ""}))
