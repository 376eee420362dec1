"""Dynamic value references against the documented list."""

from dataclasses import replace

import pytest
from job_plays import each, job, task

from lakeflow_local.jobs.model.reference_check import problems
from lakeflow_local.jobs.model.references import ReferenceContext, ReferenceProblem, TaskFacts, resolve
from lakeflow_local.workspace.support import warnings_of

COUNT = TaskFacts(run_id=1002, result="TIMEDOUT", execution_count=2, values={"rows": 3, "cities": ["Ulm"], "ok": True})
CONTEXT = ReferenceContext(
    job_id=7,
    job_name="trips",
    run_id=1,
    repair_count=2,
    start_time=1_767_225_600_000,  # 2026-01-01T00:00Z, a Thursday
    trigger_type="periodic",
    trigger_time=1_767_484_799_123,  # 2026-01-03T23:59:59.123Z, a Saturday
    backfill_time=1_735_689_600_000,  # 2025-01-01T00:00Z
    parameters={"city": "Ulm", "a-b": "dash"},
    task_name="show",
    task_run_id=1003,
    execution_count=1,
    tasks=lambda key: COUNT,
    has_input=True,
    input={"city": "Jena", "sizes": [1, 2]},
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{job.id}} {{job.name}} {{job.run_id}} {{job.repair_count}}", "7 trips 1 2"),
        ("{{job.start_time.iso_date}}", "2026-01-01"),
        ("{{job.trigger.time.iso_datetime}}", "2026-01-03T23:59:59.123Z"),
        ("{{job.trigger.time.iso_weekday}} {{job.trigger.time.is_weekday}}", "6 false"),
        ("{{job.start_time.is_weekday}}", "true"),
        ("{{job.trigger.time.year}}/{{job.trigger.time.month}}/{{job.trigger.time.day}}", "2026/1/3"),
        ("{{job.trigger.time.hour}}:{{job.trigger.time.minute}}:{{job.trigger.time.second}}", "23:59:59"),
        ("{{job.trigger.time.timestamp_ms}}", "1767484799123"),
        ("{{job.trigger.type}}", "periodic"),
        ("{{ job.parameters.city }}", "Ulm"),
        ("{{job.parameters.`a-b`}}", "dash"),
        ("{{ job.parameters.[city] }}", "Ulm"),  # as an official bundle example has it [U]
        ("{{task.name}} {{task.run_id}} {{task.execution_count}}", "show 1003 1"),
        ("{{tasks.count.run_id}} {{tasks.count.result_state}} {{tasks.count.execution_count}}", "1002 timedout 2"),
        ("{{tasks.count.values.rows}} {{tasks.count.values.cities}} {{tasks.count.values.ok}}", '3 ["Ulm"] true'),
        ("{{backfill.iso_date}}", "2025-01-01"),
        ("{{backfill.iso_datetime}} {{backfill.is_weekday}}", "2025-01-01T00:00:00.000Z true"),
        ("{{input.city}} {{input.sizes}}", "Jena [1, 2]"),
        ("job_{{job.run_id}}.log", "job_1.log"),
        # syntax errors and unknown namespaces stay what they are
        ("{{job.run_id}", "{{job.run_id}"),
        ("{{city}} {{}} {{a b}}", "{{city}} {{}} {{a b}}"),
        ("{{1 + 1}}", "{{1 + 1}}"),
    ],
)
def test_a_reference_is_replaced_by_its_value(text, value):
    assert resolve(text, CONTEXT) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{job.notebook_url}}", "no such value"),
        ("{{job.parameters.town}}", "the job has no parameter 'town'; it has city, a-b"),
        ("{{job.trigger.file_arrival.location}}", "this run was not triggered by the arrival of a file"),
        ("{{job.start_time.century}}", "no time argument 'century'"),
        ("{{tasks.count.values.sum}}", "task count has set no value 'sum'; it has set rows, cities, ok"),
        ("{{input.town}}", "no key 'town'; there are city, sizes"),
    ],
)
def test_an_unknown_key_of_a_known_namespace_is_an_error(text, message):
    with pytest.raises(ReferenceProblem, match=message):
        resolve(text, CONTEXT)


def test_backfill_references_are_known_in_a_backfill_only():
    with pytest.raises(ReferenceProblem, match="this run is no backfill"):
        resolve("{{backfill.iso_date}}", replace(CONTEXT, backfill_time=None))


def test_a_known_reference_that_this_run_cannot_have_is_not_refused_beforehand():
    text = "{{job.trigger.file_arrival.location}} {{backfill.iso_date}}"
    assert not list(problems(text, "here", tasks=[], parameters=[], nested=False))


def test_references_are_found_in_lists_and_mappings():
    assert resolve({"a": ["{{job.id}}", 1, {"b": "{{input.city}}"}]}, CONTEXT) == {"a": ["7", 1, {"b": "Jena"}]}


def test_references_that_can_never_be_resolved_are_found_before_a_run():
    payload = {"parameters": ["{{job.parameters.town}}", "{{tasks.nobody.run_id}}", "{{input}}", "{{job.id}}", "{{x}}"]}
    found = list(problems(payload, "here", tasks=["count"], parameters=["city"], nested=False))
    assert [place for place, _ in found] == ["here.parameters[0]", "here.parameters[1]", "here.parameters[2]"]
    assert not list(problems("{{input.a}}", "here", tasks=[], parameters=[], nested=True))


def test_a_job_parameter_beats_a_task_parameter_of_the_same_key():
    from job_plays import Player, new_run

    wheel = {"package_name": "trips", "entry_point": "count", "named_parameters": {"date": "mine", "city": "mine"}}
    listed = {"package_name": "trips", "entry_point": "count", "parameters": ["--date=mine"]}
    spec = job(
        task("named", python_wheel_task=wheel),
        task("listed", python_wheel_task=listed),
        parameters=[{"name": "date", "default": "{{job.start_time.iso_date}}"}, {"name": "days", "default": "3"}],
    )
    player = Player(new_run(spec, overrides={"days": "4"})).begin()
    assert player.starts[0].payload["named_parameters"] == {"date": "1970-01-01", "city": "mine", "days": "4"}
    assert player.starts[1].payload == listed  # a list gets nothing pushed down
    assert [message for message, _ in warnings_of(spec)] == [
        "task named: its parameter 'date' never arrives; the job parameter of the same name is pushed down and beats it"
    ]


def test_a_list_by_job_parameter_may_be_longer_than_one_in_the_task():
    from job_plays import play

    inputs = "[" + ", ".join(["1"] * 2_000) + "]"
    spec = job(each("cities", inputs="{{job.parameters.list}}"), parameters=[{"name": "list", "default": inputs}])
    assert len(play(spec).tasks["cities"].iterations) == 2_000
