"""Pipelines and their updates through the SDK; the child that plays an update is played by the test."""

import json

import pytest
from api_client import ApiClient
from databricks.sdk.errors import InvalidParameterValue, NotFound, ResourceConflict
from databricks.sdk.service.pipelines import FileLibrary, PipelineLibrary, RunAs
from fake_player import FakePlayer
from sdk_client import sdk_of

from lakeflow_local.api.pipelines import records
from lakeflow_local.api.pipelines.live import LiveEvents
from lakeflow_local.jobs.store.runlock import RunLock


@pytest.fixture
def player():
    return FakePlayer()


@pytest.fixture
def api(tmp_path, player):
    client = ApiClient(tmp_path, player)
    yield client
    client.close()


@pytest.fixture
def sdk(api):
    return sdk_of(api)


def rides(sdk, **more):
    library = PipelineLibrary(file=FileLibrary(path="/Workspace/Users/ada@fleet.example/trips.py"))
    given = {"name": "rides", "catalog": "main", "schema": "rides", "libraries": [library], **more}
    return sdk.pipelines.create(**given).pipeline_id


def test_a_pipeline_comes_back_as_it_was_sent_with_what_the_platform_adds(sdk, api):
    sent = {
        "name": "rides",
        "catalog": "main",
        "schema": "rides",
        "configuration": {"a": "b"},
        "continuous": False,
        "development": False,
        "libraries": [{"glob": {"include": "/Workspace/x/**"}}],
        "environment": {"dependencies": ["--editable /Workspace/x"]},
        "parameters": {"day": "monday"},
        "allow_duplicate_names": True,
    }
    made = api.ask("POST", "/api/2.0/pipelines", sent)
    found = api.ask("GET", f"/api/2.0/pipelines/{made['pipeline_id']}")
    assert found["spec"] == {
        **{name: value for name, value in sent.items() if name not in ("parameters", "allow_duplicate_names")},
        "id": made["pipeline_id"],
    }
    assert found["parameters"] == {"day": "monday"}
    assert (found["state"], found["run_as_user_name"]) == ("IDLE", "ada@fleet.example")


def test_two_pipelines_have_one_name_only_if_that_is_asked_for(sdk):
    first = rides(sdk)
    with pytest.raises(ResourceConflict):
        rides(sdk)
    assert rides(sdk, allow_duplicate_names=True) != first


def test_an_edit_replaces_everything_unless_somebody_was_faster(sdk):
    id = rides(sdk, configuration={"a": "b"})
    seen = sdk.pipelines.get(id).last_modified
    sdk.pipelines.update(id, name="trips", schema="rides", expected_last_modified=seen)
    found = sdk.pipelines.get(id)
    assert (found.name, found.spec.configuration, found.spec.catalog) == ("trips", None, None)
    with pytest.raises(ResourceConflict):
        sdk.pipelines.update(id, name="lost", schema="rides", expected_last_modified=seen)


def test_lists_are_filtered_sorted_and_paged(sdk):
    for name in ("rides_a", "rides_b", "other"):
        rides(sdk, name=name)
    found = sdk.pipelines.list_pipelines(filter="name LIKE 'rides%'", order_by=["name desc"], max_results=1)
    assert [pipeline.name for pipeline in found] == ["rides_b", "rides_a"]
    with pytest.raises(InvalidParameterValue):
        list(sdk.pipelines.list_pipelines(filter="name = 'rides'"))


def test_an_update_is_started_as_a_child_once_at_a_time_and_ends_as_the_child_says(sdk, api, player):
    id = rides(sdk)
    update = sdk.pipelines.start_update(id, refresh_selection=["trips"]).update_id
    [(function, arguments, _)] = player.started
    assert (function, arguments) == ("lakeflow_local.api.pipelines.play:main", [str(api.root), update])
    assert sdk.pipelines.get(id).state.value == "STARTING"
    with pytest.raises(ResourceConflict):
        sdk.pipelines.start_update(id)
    records.enter(api.state.store, update, "COMPLETED")
    player.end(1)
    found = sdk.pipelines.get_update(id, update).update
    assert (found.state.value, found.refresh_selection, found.cause.value) == ("COMPLETED", ["trips"], "API_CALL")
    assert sdk.pipelines.get(id).state.value == "IDLE"
    assert sdk.pipelines.start_update(id).update_id != update


def test_an_update_whose_child_ends_without_a_word_has_failed(sdk, player):
    id = rides(sdk)
    update = sdk.pipelines.start_update(id).update_id
    player.end(1, 9)
    assert sdk.pipelines.get_update(id, update).update.state.value == "FAILED"
    assert sdk.pipelines.get(id).health.value == "UNHEALTHY"


def test_an_update_of_a_process_that_was_killed_has_failed(sdk, api, monkeypatch):
    id = rides(sdk)
    update = sdk.pipelines.start_update(id).update_id
    monkeypatch.setattr(records, "PROCESS", "the next one")
    held = RunLock(records.lock_of(api.root, update))
    assert sdk.pipelines.get_update(id, update).update.state.value == "QUEUED"  # somebody plays it
    held.release()
    assert sdk.pipelines.get_update(id, update).update.state.value == "FAILED"


def test_stopping_tells_the_child_and_a_failure_then_counts_as_canceled(sdk, api, player):
    id = rides(sdk)
    update = sdk.pipelines.start_update(id).update_id
    sdk.pipelines.stop(id)
    assert [child for child, _ in player.signals] == [1]
    assert sdk.pipelines.get(id).state.value == "STOPPING"
    records.enter(api.state.store, update, "RUNNING")  # too late
    assert sdk.pipelines.get(id).state.value == "STOPPING"
    records.enter(api.state.store, update, "FAILED")
    player.end(1)
    assert sdk.pipelines.get_update(id, update).update.state.value == "CANCELED"


def test_events_are_those_of_the_log_and_of_the_update_that_runs_newest_first(sdk, api):
    id = rides(sdk)
    update = sdk.pipelines.start_update(id).update_id
    live = LiveEvents(records.folder_of(api.root, update), {"pipeline_id": id, "name": "rides"}, update)
    live.update("RUNNING")
    live.flow("trips", "FAILED", "no such column")
    newest, oldest = sdk.pipelines.list_pipeline_events(id)
    assert (newest.level.value, newest.origin.flow_name) == ("ERROR", "trips")
    assert newest.error.exceptions[0].message == "no such column"
    assert oldest.message == f"Update {update[:6]} is RUNNING."
    found = sdk.pipelines.list_pipeline_events(id, filter=f"level='ERROR' AND update_id = '{update}'")
    assert [event.id for event in found] == [newest.id]
    after = sdk.pipelines.list_pipeline_events(id, filter=f"timestamp > '{newest.timestamp}'")
    assert list(after) == []
    in_order = sdk.pipelines.list_pipeline_events(id, order_by=["timestamp asc"], max_results=1)
    assert [event.id for event in in_order] == [oldest.id, newest.id]


@pytest.mark.parametrize(
    "filter", ["nonsense", "level", "secret = 'a'", "timestamp > 'noon'", "level = 'A' OR level = 'B'"]
)
def test_a_filter_that_cannot_be_read_is_refused(sdk, filter):
    id = rides(sdk)
    with pytest.raises(InvalidParameterValue):
        list(sdk.pipelines.list_pipeline_events(id, filter=filter))


def test_events_of_the_log_take_the_place_of_what_was_told_live(sdk, api):
    id = rides(sdk)
    update = sdk.pipelines.start_update(id).update_id
    LiveEvents(records.folder_of(api.root, update), {"pipeline_id": id, "name": "rides"}, update).update("RUNNING")
    origin = {"pipeline_id": id, "update_id": update, "catalog_name": "main"}
    event = {"id": "1", "sequence": '{"control_plane_seq_no": 1}', "timestamp": "2027-01-31T06:00:00.123456+00:00"}
    event |= {"origin": origin, "message": "Update is COMPLETED.", "level": "INFO", "error": None, "details": "{}"}
    event |= {"event_type": "update_progress", "maturity_level": "STABLE"}
    log = api.root / ".lakeflow" / "pipelines" / "rides" / "events.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text(json.dumps(event) + "\n" + '{"id": "half')
    [found] = sdk.pipelines.list_pipeline_events(id)
    assert (found.timestamp, found.sequence.control_plane_seq_no) == ("2027-01-31T06:00:00.123Z", 1)


def test_deleting_a_pipeline_drops_its_tables_unless_it_is_told_not_to(sdk, api):
    for cascade in (False, True):
        id = rides(sdk)
        home = api.root / ".lakeflow" / "pipelines" / "rides"
        table = api.root / ".lakeflow" / "warehouse" / "main__rides" / "trips"
        (home / "datasets").mkdir(parents=True, exist_ok=True)
        (home / "datasets" / "main__rides.trips.json").write_text(json.dumps({"kind": "streaming_table"}))
        (table / "_delta_log").mkdir(parents=True, exist_ok=True)
        (table / "_delta_log" / f"{0:020d}.json").write_text("{}\n")
        sdk.pipelines.delete(id, cascade=cascade)
        assert table.exists() is not cascade
        assert home.exists() is not cascade
        with pytest.raises(NotFound):
            sdk.pipelines.get(id)


def test_pipelines_are_listed_by_id_and_tell_as_whom_they_run(sdk):
    robot = RunAs(service_principal_name="robot")
    ids = [rides(sdk, name=f"rides {number}", run_as=robot) for number in range(5)]
    found = list(sdk.pipelines.list_pipelines(max_results=2))
    assert [one.pipeline_id for one in found] == sorted(ids)
    assert {one.run_as_user_name for one in found} == {"robot"} == {sdk.pipelines.get(ids[0]).run_as_user_name}


def test_deleting_a_pipeline_leaves_the_tables_of_one_whose_name_makes_the_same_folder(sdk, api):
    other, id = rides(sdk, name="all rides"), rides(sdk, name="all_rides")
    home = api.root / ".lakeflow" / "pipelines" / "all_rides"
    table = api.root / ".lakeflow" / "warehouse" / "main__rides" / "trips"
    (home / "datasets").mkdir(parents=True)
    (home / "datasets" / "main__rides.trips.json").write_text(json.dumps({"kind": "streaming_table"}))
    (table / "_delta_log").mkdir(parents=True)
    (table / "_delta_log" / f"{0:020d}.json").write_text("{}\n")
    sdk.pipelines.delete(id)
    assert table.exists() and home.exists()
    sdk.pipelines.delete(other)
    assert not table.exists()


def test_the_next_page_of_events_needs_nothing_but_its_token(sdk, api):
    """Documented: page_token is mutually exclusive with all fields but max_results."""
    id = rides(sdk)
    update = sdk.pipelines.start_update(id).update_id
    live = LiveEvents(records.folder_of(api.root, update), {"pipeline_id": id, "name": "rides"}, update)
    for number in range(6):
        live.flow(f"t{number}", "FAILED" if number % 2 else "COMPLETED")
    url = f"/api/2.0/pipelines/{id}/events"
    asked = {"filter": "level='ERROR'", "order_by": "timestamp asc", "max_results": 2}
    first = api.ask("GET", url, params=asked)
    second = api.ask("GET", url, params={"page_token": first["next_page_token"], "max_results": 2})
    names = [event["origin"]["flow_name"] for event in [*first["events"], *second["events"]]]
    assert names == ["t1", "t3", "t5"]
    listed = sdk.pipelines.list_pipeline_events(id, filter="level='ERROR'", order_by=["timestamp asc"], max_results=2)
    assert [event.origin.flow_name for event in listed] == names
    for token in ("x.y", "x.MQ==", "x.WzEsMl0="):  # the last two are 1 and [1,2] in Base64
        assert api.refused("GET", url, params={"page_token": token}) == (400, "INVALID_PARAMETER_VALUE")
