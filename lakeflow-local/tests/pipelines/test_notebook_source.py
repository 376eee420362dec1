"""Notebooks as sources of a pipeline: Python cells declare datasets, what cannot run is named."""

import json

import pytest

from lakeflow_local.errors import UserError
from lakeflow_local.pipelines.declare.source import load
from lakeflow_local.pipelines.model.spec import PipelineSpec


def declared(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    library = {"notebook": {"path": name}}
    return load(PipelineSpec.parse({"schema": "s", "libraries": [library]}, tmp_path), None)


def jupyter(*cells):
    return json.dumps({"cells": [{"cell_type": kind, "source": [text]} for kind, text in cells], "metadata": {}})


def test_the_cells_of_a_jupyter_notebook_share_their_names_and_declare_datasets(tmp_path):
    text = jupyter(
        ("code", "from pyspark import pipelines as dp"),
        ("markdown", "# no code"),
        ("code", "%md neither"),
        ("code", "@dp.table\ndef trips():\n    return spark.range(1)"),
    )
    datasets = declared(tmp_path, "n.ipynb", text)
    assert list(datasets) == [("s", "trips")]
    assert datasets["s", "trips"].place.file == str(tmp_path / "n.ipynb")  # an update hashes that file


def test_an_error_in_a_jupyter_notebook_is_named_with_its_cell_and_line(tmp_path):
    with pytest.raises(UserError, match=r"n\.ipynb:2: cell 2: ZeroDivisionError"):
        declared(tmp_path, "n.ipynb", jupyter(("code", "x = 0"), ("code", "y = 1\n1 / x")))


def test_a_cell_of_another_language_is_refused_with_its_line(tmp_path):
    text = "# Databricks notebook source\nx = 1\n\n# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC SELECT 1\n"
    with pytest.raises(UserError, match=r"n\.py:6: cell 2 is %sql"):
        declared(tmp_path, "n.py", text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "n.sql",
            "-- Databricks notebook source\n-- MAGIC %md\n-- MAGIC # Trips\n\n-- COMMAND ----------\n\n"
            "SET start = 5;\nCREATE MATERIALIZED VIEW a AS SELECT ${start} AS n\n\n-- COMMAND ----------\n\n"
            "CREATE STREAMING TABLE b (CONSTRAINT late EXPECT (n > ${start}))\n",
        ),
        (
            "n.py",
            "# Databricks notebook source\n# MAGIC %sql\n# MAGIC SET start = 5;\n"
            "# MAGIC CREATE MATERIALIZED VIEW a AS SELECT ${start} AS n\n\n# COMMAND ----------\n\n"
            "# MAGIC %sql\n# MAGIC CREATE STREAMING TABLE b (CONSTRAINT late EXPECT (n > ${start}))\n",
        ),
        (
            "n.ipynb",
            jupyter(
                ("code", "%sql\nSET start = 5; CREATE MATERIALIZED VIEW a AS SELECT ${start} AS n"),
                ("code", "%sql\nCREATE STREAMING TABLE b (CONSTRAINT late EXPECT (n > ${start}))"),
            ),
        ),
    ],
)
def test_a_notebook_that_is_all_sql_declares_datasets_and_its_cells_share_what_is_set(tmp_path, name, text):
    datasets = declared(tmp_path, name, text)
    assert list(datasets) == [("s", "a"), ("s", "b")]
    assert datasets["s", "b"].expectations[0].predicate == "n > 5"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("n.sql", "-- Databricks notebook source\n-- COMMAND ----------\n\nSELECT 1\n", r"n\.sql:4: a pipeline's SQL"),
        ("n.ipynb", jupyter(("code", "%sql\nSELECT 1")), r"n\.ipynb:\d: cell 1: a pipeline's SQL"),
    ],
)
def test_an_error_in_a_sql_notebook_is_named_with_its_line(tmp_path, name, text, message):
    with pytest.raises(UserError, match=message):
        declared(tmp_path, name, text)


@pytest.mark.parametrize("name", ["n.py", "n.ipynb"])
def test_a_pip_cell_asks_for_packages_that_are_installed(tmp_path, name):
    def notebook(package):
        source = f"# Databricks notebook source\n# MAGIC %pip install {package}\n"
        return jupyter(("code", f"%pip install {package}")) if name == "n.ipynb" else source

    assert declared(tmp_path, name, notebook("pytest")) == {}
    with pytest.raises(UserError, match="package no-such-package is not installed"):
        declared(tmp_path, name, notebook("no-such-package"))
