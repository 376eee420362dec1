"""What one part of the bundle says of another is so: tasks, parameters, entry points, files."""

import re
import tomllib

REFERENCE = re.compile(r"\{\{\s*([^}]+?)\s*\}\}")


def strings(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


def references(value):
    return {found for text in strings(value) for found in REFERENCE.findall(text)}


def upstream_of(job, task_key):
    """All tasks that a task waits for, directly or not."""
    parents = {task["task_key"]: {d["task_key"] for d in task.get("depends_on", [])} for task in job["tasks"]}
    found, waiting = set(), set(parents[task_key])
    while waiting:
        found |= waiting
        waiting = set().union(*(parents[key] for key in waiting)) - found
    return found


def test_a_task_waits_only_for_tasks_of_its_job_and_never_for_itself(jobs):
    for name, job in jobs.items():
        keys = [task["task_key"] for task in job["tasks"]]
        assert len(keys) == len(set(keys)), name
        for task in job["tasks"]:
            assert task["task_key"] not in upstream_of(job, task["task_key"]), f"{name}.{task['task_key']}: a cycle"


def test_a_reference_to_a_task_names_one_that_has_run_before(tasks, jobs):
    for task in tasks:
        spec = {key: value for key, value in task.spec.items() if key != "for_each_task"}
        if "for_each_task" in task.spec:
            spec["inputs"] = task.spec["for_each_task"]["inputs"]
        before = upstream_of(jobs[task.job], (task.parent or task.spec)["task_key"])
        for reference in references(spec):
            if reference.startswith("tasks."):
                assert reference.split(".")[1] in before, f"{task}: {{{{{reference}}}}}"


def test_a_reference_has_a_form_that_the_platform_knows(tasks):
    known = re.compile(
        r"job\.(run_id|repair_count|trigger\.time\.iso_datetime|parameters\.\w+)|task\.execution_count|tasks\.\w+\.(result_state|values\.\w+)|input"
    )
    for task in tasks:
        for reference in references(task.spec):
            assert known.fullmatch(reference), f"{task}: {{{{{reference}}}}} would stay as it is"


def test_a_job_parameter_is_declared_before_it_is_used_and_each_is_used(jobs):
    for name, job in jobs.items():
        declared = {parameter["name"] for parameter in job.get("parameters", [])}
        used = {r.removeprefix("job.parameters.") for r in references(job["tasks"]) if r.startswith("job.parameters.")}
        assert used == declared, name


def test_a_job_runs_another_one_with_parameters_that_it_has(tasks, jobs):
    for task in tasks:
        if (run_job := task.spec.get("run_job_task")) is not None:
            child = re.fullmatch(r"\$\{resources\.jobs\.(\w+)\.id\}", run_job["job_id"])[1]
            assert set(run_job["job_parameters"]) <= {parameter["name"] for parameter in jobs[child]["parameters"]}


def test_wheel_tasks_take_a_list_of_parameters_because_job_parameters_beat_named_ones(tasks):
    for task in tasks:
        if (wheel := task.spec.get("python_wheel_task")) is not None:
            assert "named_parameters" not in wheel, str(task)
            assert all(re.match(r"--[a-z_]+=", parameter) for parameter in wheel["parameters"]), str(task)


def test_wheel_tasks_have_an_environment_with_the_wheel(tasks, jobs, config):
    for task in tasks:
        if "python_wheel_task" in task.spec:
            [environment] = jobs[task.job]["environments"]
            assert task.spec["environment_key"] == environment["environment_key"], str(task)
            assert len(environment["spec"]["dependencies"]) == 1, "the wheel names what it needs itself"


def test_every_entry_point_is_one_of_the_package(root, tasks):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    for task in tasks:
        if (wheel := task.spec.get("python_wheel_task")) is not None:
            assert wheel["package_name"] == project["name"], str(task)
            assert wheel["entry_point"] == task.key, f"{task}: a task has the name of what it runs"
            assert wheel["entry_point"] in project["scripts"], str(task)


def test_ingest_on_arrival_refreshes_each_dataset_of_bronze_and_silver_and_no_other(root, jobs):
    [task] = jobs["ingest_on_arrival"]["tasks"]
    folders = [root / "pipelines/payouts" / layer for layer in ("bronze", "silver")]
    datasets = [path.stem for folder in folders for path in folder.iterdir() if path.suffix in (".py", ".sql")]
    assert sorted(task["pipeline_task"]["refresh_selection"]) == sorted(datasets)


def test_the_pipeline_reads_its_folder_and_installs_the_package_from_the_synced_files(config):
    pipeline = config["resources"]["pipelines"]["payouts"]
    files = config["workspace"]["file_path"]
    assert pipeline["root_path"] == f"{files}/pipelines/payouts"
    assert pipeline["libraries"] == [{"glob": {"include": f"{files}/pipelines/payouts/**"}}]
    assert pipeline["environment"]["dependencies"] == [f"--editable {files}"]


def test_pipeline_and_job_share_one_time_zone(config):
    zone = config["variables"]["settlement_timezone"]["value"]
    daily = config["resources"]["jobs"]["daily_payouts"]
    assert config["resources"]["pipelines"]["payouts"]["configuration"]["payouts.settlement_timezone"] == zone
    assert daily["schedule"]["timezone_id"] == zone
    [assess] = [task for task in daily["tasks"] if task["task_key"] == "assess_quality"]
    assert f"--settlement_timezone={zone}" in assess["python_wheel_task"]["parameters"]


def test_schemas_and_volumes_are_named_by_reference(sources):
    """Development puts a prefix before schemas and none before volumes: a name written out would miss it."""
    for path, document in sources.items():
        if path.startswith("resources/") and ".schema." not in path and ".volume." not in path:
            text = "\n".join(strings(document))
            assert not re.search(r"--(pipeline|ledger)_schema=(?!\$\{resources\.)", text), path
