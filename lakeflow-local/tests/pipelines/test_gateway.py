"""How often Python asks the JVM."""

import pytest
from py4j.protocol import Py4JError
from pyspark import SparkContext
from pyspark.sql import functions as F


@pytest.fixture
def asked(spark, monkeypatch):
    """What is sent to the JVM by this thread, command by command."""
    client = SparkContext._gateway._gateway_client
    commands = []
    send = client.send_command

    def kept(command, *rest, **more):
        commands.append(command)
        return send(command, *rest, **more)

    monkeypatch.setattr(client, "send_command", kept)
    return commands


def test_a_function_is_looked_up_once(asked):
    F.upper(F.col("a"))
    assert asked
    asked.clear()
    F.upper(F.col("b"))
    assert asked
    assert [command for command in asked if command.startswith("r\n")] == []


def test_what_is_not_there_is_an_error_each_time(spark):
    functions = getattr(spark._jvm, "org.apache.spark.sql.functions")
    for _ in range(2):
        with pytest.raises(Py4JError, match="no_such_function"):
            functions.no_such_function("a")
