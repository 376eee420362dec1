"""Statements through the SDK; the child that executes one is played by the test."""

import pytest
from api_client import ApiClient
from databricks.sdk.errors import InvalidParameterValue, NotFound
from databricks.sdk.service.sql import ExecuteStatementRequestOnWaitTimeout, StatementParameterListItem
from fake_player import FakePlayer
from sdk_client import sdk_of

from lakeflow_local.api.sql import results, statements

COLUMNS = [{"name": "id", "position": 0, "type_name": "INT", "type_text": "INT"}]


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


def succeed(api, player, rows):
    """Let the child of each statement succeed at once with these rows."""

    def play(number):
        statement = player.started[number - 1][1][1]
        results.write(api.root, statement, COLUMNS, rows, truncated=False)
        results.enter(api.state.store, statement, "SUCCEEDED")
        player.end(number)

    player.play = play


def test_a_result_comes_with_the_answer(sdk, api, player):
    succeed(api, player, [["1"], [None]])
    answer = sdk.statement_execution.execute_statement("SELECT id FROM trips", "local")
    assert answer.status.state.value == "SUCCEEDED"
    assert answer.result.data_array == [["1"], [None]]
    assert answer.manifest.total_row_count == 2
    assert answer.manifest.schema.columns[0].type_name.value == "INT"
    # Documented: these fields are not available when using INLINE disposition.
    sizes = (answer.manifest.total_byte_count, answer.manifest.chunks[0].byte_count, answer.result.byte_count)
    assert sizes == (None, None, None)


def test_a_large_result_comes_in_chunks_that_hold_every_row_once(sdk, api, player):
    rows = [[str(number) + "x" * 1000] for number in range(10_000)]
    succeed(api, player, rows)
    answer = sdk.statement_execution.execute_statement("SELECT id FROM trips", "local")
    found, following = list(answer.result.data_array), answer.result.next_chunk_index
    while following is not None:
        chunk = sdk.statement_execution.get_statement_result_chunk_n(answer.statement_id, following)
        assert chunk.row_offset == len(found)
        found, following = found + chunk.data_array, chunk.next_chunk_index
    assert found == rows
    assert answer.manifest.total_chunk_count > 1
    with pytest.raises(InvalidParameterValue):
        sdk.statement_execution.get_statement_result_chunk_n(answer.statement_id, answer.manifest.total_chunk_count)


def test_a_statement_without_patience_is_polled_and_can_be_canceled(sdk, player):
    answer = sdk.statement_execution.execute_statement("SELECT 1", "local", wait_timeout="0s")
    assert answer.status.state.value == "PENDING"
    sdk.statement_execution.cancel_execution(answer.statement_id)
    assert [child for child, _ in player.signals] == [1]
    player.end(1, 9)
    assert sdk.statement_execution.get_statement(answer.statement_id).status.state.value == "CANCELED"


def test_a_statement_is_canceled_when_patience_ends_if_that_is_asked_for(sdk, player, monkeypatch):
    monkeypatch.setattr(statements, "_seconds", lambda text: 0.01)
    player.signal = lambda child, number: player.end(child, number)
    cancel = ExecuteStatementRequestOnWaitTimeout.CANCEL
    answer = sdk.statement_execution.execute_statement("SELECT 1", "local", wait_timeout="5s", on_wait_timeout=cancel)
    assert answer.status.state.value == "CANCELED"


def test_a_statement_whose_child_dies_and_one_of_a_killed_process_have_failed(sdk, player, monkeypatch):
    first = sdk.statement_execution.execute_statement("SELECT 1", "local", wait_timeout="0s").statement_id
    second = sdk.statement_execution.execute_statement("SELECT 1", "local", wait_timeout="0s").statement_id
    player.end(1, 9)
    monkeypatch.setattr(statements, "_PROCESS", "the next one")
    for statement in (first, second):
        assert sdk.statement_execution.get_statement(statement).status.state.value == "FAILED"


@pytest.mark.parametrize(
    "body",
    [
        {"statement": " "},
        {"statement": "SELECT 1", "wait_timeout": "3s"},
        {"statement": "SELECT 1", "wait_timeout": "51s"},
        {"statement": "SELECT 1", "wait_timeout": "soon"},
        {"statement": "SELECT 1", "disposition": "EXTERNAL_LINKS"},
        {"statement": "SELECT 1", "parameters": [{"name": "a"}, {"name": "a"}]},
        {"statement": "SELECT 1", "parameters": [{"name": "a", "value": "1", "type": "INT); DROP"}]},
    ],
)
def test_what_makes_no_sense_is_refused(api, body):
    asked = {"warehouse_id": "local", **body}
    assert api.refused("POST", "/api/2.0/sql/statements", asked) == (400, "INVALID_PARAMETER_VALUE")


def test_a_statement_needs_a_warehouse_and_starts_it(sdk, api, player):
    with pytest.raises(NotFound):
        sdk.statement_execution.execute_statement("SELECT 1", "none")
    sdk.api_client.do("POST", "/api/2.0/sql/warehouses/local/stop")
    assert sdk.warehouses.get("local").state.value == "STOPPED"
    succeed(api, player, [])
    sdk.statement_execution.execute_statement(
        "SELECT :a", "local", parameters=[StatementParameterListItem(name="a", value="1", type="INT")]
    )
    assert sdk.warehouses.get("local").state.value == "RUNNING"


def test_results_of_an_hour_ago_are_gone(sdk, api, player, monkeypatch):
    succeed(api, player, [["1"]])
    old = sdk.statement_execution.execute_statement("SELECT 1", "local").statement_id
    monkeypatch.setattr(results, "_KEPT_FOR", -1)
    api.state.store.put(results.KIND, old, {**api.state.store.get(results.KIND, old), "end_time": 0})
    monkeypatch.setattr(results, "_KEPT_FOR", results.now() * 2 // 3)
    results.forget_old(api.root, api.state.store)
    assert sdk.statement_execution.get_statement(old).status.state.value == "CLOSED"
    with pytest.raises(NotFound):
        sdk.statement_execution.get_statement_result_chunk_n(old, 0)
