"""`modifiedAfter` and `modifiedBefore`: only files that were changed in between are read.

Spark's streams refuse both options, so a condition on the time that Spark knows of each row's file stands for them. A
stream does not come back to a file that it has passed over; whether the platform's does is not documented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakeflow_local.errors import UserError

BOUNDS = ("modifiedafter", "modifiedbefore")


@dataclass(frozen=True)
class FileTimes:
    """The bounds, neither of them included, in milliseconds of the epoch; None for none."""

    after: int | None = None
    before: int | None = None

    @classmethod
    def of(cls, spark: SparkSession, options: dict[str, str]) -> FileTimes:
        """The bounds of a reader's options, by name in lower case.

        Raises:
            UserError: for what is no time.
        """
        given = [options.get(name) for name in BOUNDS]
        if not any(given):
            return cls()
        # Spark reads them as its own batch reader would: with a zone, or in that of the session.
        texts = [F.try_to_timestamp(F.lit(text)) for text in given]
        found = spark.range(1).select(*(F.unix_millis(time).alias(f"c{i}") for i, time in enumerate(texts))).first()
        assert found is not None
        for name, text, time in zip(BOUNDS, given, found, strict=True):
            if text is not None and time is None:
                raise UserError(f"cloudFiles: {name} is no time: '{text}'")
        return cls(*found)

    def __bool__(self) -> bool:
        return self != FileTimes()

    def contain(self, modified: float) -> bool:
        """Whether a file that was changed at a time, in seconds of the epoch, is read."""
        millis = int(modified * 1000)
        return (self.after is None or millis > self.after) and (self.before is None or millis < self.before)


class ReaderOfTimes:
    """A reader of Spark's that leaves out the rows of other files."""

    def __init__(self, reader: Any, times: FileTimes) -> None:
        self._reader, self._times = reader, times

    def option(self, key: str, value: Any) -> ReaderOfTimes:
        """Set one option."""
        return ReaderOfTimes(self._reader.option(key, value), self._times)

    def schema(self, schema: Any) -> ReaderOfTimes:
        """Set the schema."""
        return ReaderOfTimes(self._reader.schema(schema), self._times)

    def load(self, path: Any) -> DataFrame:
        """The rows of the files of that time."""
        frame: DataFrame = self._reader.load(path)
        modified = F.unix_millis("_metadata.file_modification_time")
        if self._times.after is not None:
            frame = frame.where(modified > self._times.after)
        return frame if self._times.before is None else frame.where(modified < self._times.before)
