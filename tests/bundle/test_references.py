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


def test_a_job_parameter_is_declared_before_it_is_used_and_each_is_used(jobs):
    for name, job in jobs.items():
        declared = {parameter["name"] for parameter in job.get("parameters", [])}
        used = {r.removeprefix("job.parameters.") for r in references(job["tasks"]) if r.startswith("job.parameters.")}
        assert used == declared, name


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
