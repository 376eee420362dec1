"""The report, the dashboard and the alert: they parse, fit together, and show no account."""

import json
import re

VIEW = re.compile(
    r"CREATE OR REPLACE VIEW IDENTIFIER\(:catalog \|\| '\.' \|\| :reporting_schema \|\| '\.(\w+)'\) AS\n(.*?);", re.S
)


def views(root):
    text = (root / "resources/payouts_report/views.sql").read_text()
    return dict(VIEW.findall(re.sub(r"--[^\n]*", "", text)))


def dashboard(root, config):
    path = root / config["resources"]["dashboards"]["payouts_overview"]["file_path"]
    return json.loads(path.read_text())


def columns(query):
    """The names that the outermost SELECT gives its columns."""
    depth, item, items = 0, "", []
    body = re.split(r"\bSELECT\b", query, maxsplit=1)[1]
    for token in re.findall(r"[(),]|[^(),]+", body):
        depth += (token == "(") - (token == ")")
        if depth == 0 and re.search(r"\bFROM\b", token):
            item += re.split(r"\bFROM\b", token)[0]
            break
        if token == "," and depth == 0:
            items.append(item)
            item = ""
        else:
            item += token
    return [re.split(r"[\s.]+", part.strip())[-1] for part in [*items, item]]


def test_the_report_makes_the_five_views(root):
    assert set(views(root)) == {"payouts", "payout_holds", "quality_verdicts", "rule_results", "closing_balances"}


def test_no_view_shows_more_of_an_account_than_its_last_four_characters(root):
    for name, query in views(root).items():
        mentions = re.findall(r"[^\n]*account[^\n]*", query)
        assert [line.strip() for line in mentions] in (
            [],
            ["right(claims.payout_account, 4) AS payout_account_ending,"],
        ), name
        assert "*" not in query, f"{name}: a star would show what a later column holds"
        assert "detail" not in query, f"{name}: what the gateway said may hold an account"


def test_the_report_gets_the_parameters_that_its_sql_names(root, jobs):
    [task] = jobs["payouts_report"]["tasks"]
    text = re.sub(r"--[^\n]*", "", (root / "resources/payouts_report/views.sql").read_text())
    assert set(re.findall(r"(?<!:):(\w+)", text)) == set(task["sql_task"]["parameters"])
    assert task["sql_task"]["file"]["path"].endswith("resources/payouts_report/views.sql")


def test_a_view_of_the_payouts_knows_every_event_of_the_protocol_in_its_order(root):
    from payouts.ledger.protocol import STATE_AFTER, State

    ranks = dict(re.findall(r"WHEN '(\w+)' THEN (\d)", views(root)["payouts"]))
    assert ranks == {str(event): str(state + 1) for event, state in STATE_AFTER.items()}
    names = re.search(r"array\(([^)]+)\)", views(root)["payouts"])[1]
    assert re.findall(r"'(\w+)'", names) == [state.name for state in sorted(State)]


def test_the_dashboard_reads_the_views_of_the_report_by_name_alone(root, config):
    for dataset in dashboard(root, config)["datasets"]:
        query = "".join(dataset["queryLines"])
        read = set(re.findall(r"\b(?:FROM|JOIN)\s+([`\w.]+)", query))
        assert read and read <= set(views(root)), f"{dataset['name']}: {read}"


def test_the_dashboard_asks_a_view_only_for_columns_that_it_has(root, config):
    known = {name: columns(query) for name, query in views(root).items()}
    for dataset in dashboard(root, config)["datasets"]:
        query = "".join(dataset["queryLines"])
        view = re.search(r"FROM\s+(\w+)", query)[1]
        derived = set(re.findall(r"AS (\w+)", query))
        for column in columns(query):
            assert column in known[view] or column in derived, f"{dataset['name']}: {column}"


def test_every_widget_shows_fields_of_its_own_query(root, config):
    by_name = {
        dataset["name"]: columns("".join(dataset["queryLines"])) for dataset in dashboard(root, config)["datasets"]
    }
    widgets = [item["widget"] for page in dashboard(root, config)["pages"] for item in page["layout"]]
    assert len({widget["name"] for widget in widgets}) == len(widgets)
    for widget in widgets:
        for query in widget.get("queries", []):
            fields = {field["name"] for field in query["query"]["fields"]}
            shown = set(re.findall(r'"fieldName": "([^"]+)"', json.dumps(widget["spec"]["encodings"])))
            assert shown and shown == fields, widget["name"]
            for field in query["query"]["fields"]:
                for column in re.findall(r"`(\w+)`", field["expression"]):
                    assert column in by_name[query["query"]["datasetName"]], widget["name"]


def test_dashboard_and_alert_stand_in_the_schema_reporting(config):
    reporting = ("${resources.schemas.reporting.name}", config["resources"]["schemas"]["reporting"]["name"])
    assert config["resources"]["dashboards"]["payouts_overview"]["dataset_schema"] in reporting
    query = config["resources"]["alerts"]["payouts_unsettled"]["query_text"]
    read = re.findall(r"FROM `[^`]+`\.`([^`]+)`\.(\w+)", query)
    assert {schema for schema, _ in read} <= set(reporting)
    assert [view for _, view in read] == ["payouts", "closing_balances"]


def test_the_alert_looks_at_the_column_that_its_query_gives(config):
    alert = config["resources"]["alerts"]["payouts_unsettled"]
    assert columns(alert["query_text"]) == [alert["evaluation"]["source"]["name"]]


def test_the_alert_counts_exactly_the_states_that_are_neither_confirmed_nor_released(config):
    from payouts.ledger.protocol import PENDING, State

    [listed] = re.findall(r"state NOT IN \(([^)]+)\)", config["resources"]["alerts"]["payouts_unsettled"]["query_text"])
    assert set(re.findall(r"'(\w+)'", listed)) == {state.name for state in State if state not in PENDING}
