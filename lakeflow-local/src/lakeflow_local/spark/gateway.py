"""The connection from Python to the JVM, with fewer questions and quieter logs."""

from __future__ import annotations

import logging
from typing import Any

# The JVM's classes behind pyspark's functions and columns.
LOOKED_UP_OFTEN = ("functions", "org.apache.spark.sql.functions", "PythonUtils", "PythonSQLUtils")


class KeptMembers:
    """A class of the JVM whose static methods are looked up once; each look-up is a question to the JVM.

    Measured on a pipeline of 18 datasets: 3,500 of 22,000 questions, and an eighth of the time to resolve its graph.
    """

    def __init__(self, java_class: Any) -> None:
        self._java_class = java_class

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._java_class, name)
        setattr(self, name, member)
        return member


def make_quick_and_quiet(gateway: Any) -> None:
    """Keep the classes that are looked up often, and leave out logs of what is reported in a line anyway."""
    # pyspark logs each error as JSON on stderr as well; the code that catches it reports it in a line.
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    for name in LOOKED_UP_OFTEN:  # kept, as each look-up is a search through the class path
        setattr(gateway.jvm, name, KeptMembers(getattr(gateway.jvm, name)))
    if _not_of_a_lost_jvm not in logging.getLogger().filters:
        logging.getLogger().addFilter(_not_of_a_lost_jvm)


def _not_of_a_lost_jvm(record: logging.LogRecord) -> bool:
    """py4j logs a traceback for each call that a dead JVM did not answer; the code that catches it reports one line."""
    return record.module != "java_gateway"
