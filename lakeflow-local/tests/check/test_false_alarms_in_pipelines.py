"""What looks like a mistake in a pipeline's Python, and is none."""

import pytest

FILE = """
bundle: {name: fleet}
resources:
  pipelines: {orders: {name: orders, catalog: main, schema: silver, libraries: [{file: {path: orders.py}}]}}
"""
CELL = "# Databricks notebook source\n# MAGIC %pip install x\n\n# COMMAND ----------\n"
HELPER = "import dlt\n\n@dlt.expect('priced', 'price > 0')\ndef orders(): ...\n\n"
POST = "import requests\nrequests.post('https://PATH', json={})\n"
NAME = "import dlt\n\n@dlt.NAME\ndef orders(): ...\n"


@pytest.mark.parametrize(
    ("rule", "alarm", "none"),
    [
        # As undeclared-side-effect has it, an address may say that nothing changes there.
        ("side-effect-in-pipeline", POST.replace("PATH", "b.example/pay"), POST.replace("PATH", "b.example/oauth2/x")),
        # Lines of a notebook that are no Python are commands.
        ("source-does-not-parse", CELL + "def orders()\n", CELL + "files = !ls\n"),
        ("unknown-pipelines-function", NAME.replace("NAME", "veiw"), NAME.replace("NAME", "vows")),
        ("expectation-without-dataset", HELPER + "frame = orders()\n", HELPER + "dlt.table(orders)\n"),
    ],
)
def test_it_is_found_where_it_is_one_and_not_where_it_is_none(rules_of, rule, alarm, none):
    bundle = FILE.replace("file:", "notebook:") if CELL in alarm else FILE
    assert rule in rules_of("alarm", {"databricks.yml": bundle, "orders.py": alarm})
    assert rule not in rules_of("none", {"databricks.yml": bundle, "orders.py": none})
