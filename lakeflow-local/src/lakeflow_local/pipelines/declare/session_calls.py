"""Notices which source files change the session that all files share, while they run: `spark.udf.register`, a setting.

All files of a pipeline run in one session: what one of them registers, the queries of the others may call. So every
dataset rests on such a file, whichever file declares it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql.classic.dataframe import DataFrame
from pyspark.sql.conf import RuntimeConfig
from pyspark.sql.datasource import DataSourceRegistration
from pyspark.sql.udf import UDFRegistration
from pyspark.sql.udtf import UDTFRegistration

_METHODS: dict[type, tuple[str, ...]] = {
    DataFrame: ("createGlobalTempView", "createOrReplaceGlobalTempView", "createOrReplaceTempView", "createTempView"),
    DataSourceRegistration: ("register",),
    RuntimeConfig: ("set", "unset"),
    SparkSession: ("sql",),
    UDFRegistration: ("register", "registerJavaFunction", "registerJavaUDAF"),
    UDTFRegistration: ("register",),
}
_QUERY = re.compile(
    r"(\s|--[^\n]*\n|/\*.*?\*/|\()*(select|with|from|values|table|show|desc|describe|explain)\b", re.I | re.S
)


class SessionCalls:
    """Collects the files that change the session.

    Attributes:
        file: the one that runs now.
    """

    def __init__(self, files: set[str]) -> None:
        self.file: Path | None = None
        self._files = files

    def noticed(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        """A method of pyspark that notes the running file, if the call is more than a query."""

        @wraps(method)
        def call(this: Any, *args: Any, **kwargs: Any) -> Any:
            is_query = name == "sql" and _QUERY.match(str(args[0] if args else kwargs.get("sqlQuery")))
            if self.file is not None and not is_query:
                self._files.add(str(self.file))
            return method(this, *args, **kwargs)

        return call


@contextmanager
def noticing(files: set[str]) -> Iterator[SessionCalls]:
    """While files run: adds to `files` those that change the session, which stays changed."""
    calls = SessionCalls(files)
    originals = [(owner, name, getattr(owner, name)) for owner, names in _METHODS.items() for name in names]
    for owner, name, method in originals:
        setattr(owner, name, calls.noticed(name, method))
    try:
        yield calls
    finally:
        for owner, name, method in originals:
            setattr(owner, name, method)
