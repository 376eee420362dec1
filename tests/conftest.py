"""The Spark session of the bundle's tests, and fixtures that several folders share."""

import os
import time

import pytest

os.environ["TZ"] = "UTC"  # collect() gives datetimes in the process's zone
time.tzset()

if "SPARK_REMOTE" in os.environ:  # else the plugin of the development dependency gives the one session of the run

    @pytest.fixture(scope="session")
    def spark():
        """A Spark Connect session, as a serverless task has it: `make test-connect`."""
        from databricks.connect import DatabricksSession

        return DatabricksSession.builder.getOrCreate()


@pytest.fixture(params=["true", "false"], ids=["ansi", "not ansi"])
def ansi(spark, request):
    """Both modes: pipelines have been seen running without ANSI where a warehouse ran with it."""
    before = spark.conf.get("spark.sql.ansi.enabled")
    spark.conf.set("spark.sql.ansi.enabled", request.param)
    yield request.param
    spark.conf.set("spark.sql.ansi.enabled", before)


@pytest.fixture(scope="module")
def books(spark, request):
    """What is owed in the worlds of all tests of a module, computed at once."""
    from tests.worlds import books, worlds_of

    return books(spark, worlds_of(request.module))


@pytest.fixture
def book(books, request):
    """What is owed in the world of a test (`tests.worlds.world`), after so many of its landings."""
    landings = request.function.world
    return lambda cut=None: books[request.function.__name__, cut or len(landings)]


def pytest_terminal_summary(terminalreporter):
    """How much was judged, and by how much: the rules of the data, and the tests that ran."""
    from payouts.rules import CONFLICT_RULES, ENTRY_RULES, RULES

    rules = sum(map(len, RULES.values())) + len(ENTRY_RULES) + len(CONFLICT_RULES)
    ran = sum(len(terminalreporter.stats.get(outcome, [])) for outcome in ("passed", "failed"))
    terminalreporter.write_line(f"{ran} tests ran; the data is held to {rules} rules")
