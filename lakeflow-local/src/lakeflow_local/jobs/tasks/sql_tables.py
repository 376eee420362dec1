"""Materialized views and streaming tables that a SQL task makes, each with a small pipeline of its own behind it.

So they are refreshed as a pipeline's are, and `REFRESH` finds them again in a later run.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeflow_local.errors import UserError
from lakeflow_local.spark.platform_statements import COMMENTS, KEPT, NAME, complete_name, parts_of, pattern

if TYPE_CHECKING:
    from lakeflow_local.pipelines import Update

_KIND = r"(?P<kind>MATERIALIZED VIEW|STREAMING TABLE)"
_CREATE = pattern(rf"CREATE (?P<how>OR (?:REPLACE|REFRESH) )?{_KIND} (?P<unless>IF NOT EXISTS )?(?P<name>{NAME})")
# What the platform refreshes such a table by; the words of texts, of names in quotes and of comments are left alone.
_SCHEDULE = pattern(
    rf"({KEPT})"
    r"|\bSCHEDULE (?:REFRESH )?(?:EVERY \d+ \w+|CRON '[^']*'(?: AT TIME ZONE '[^']*')?)"
    r"|\bTRIGGER ON UPDATE(?: AT MOST EVERY (?:INTERVAL )?(?:'[^']*'(?: (?:MINUTE|HOUR|DAY|WEEK)S?\b)?|\d+ \w+))?"
)
_REFRESH = pattern(rf"REFRESH {_KIND} (?P<name>{NAME})(?: (?P<full>FULL))?(?: (?:SYNC|ASYNC))?\s*;?\s*$")
_DROP = pattern(rf"DROP {_KIND} (?P<unless>IF EXISTS )?(?P<name>{NAME})\s*;?\s*$")


class SqlTables:
    """The tables that SQL tasks of one bundle have made."""

    def __init__(self, root: Path, base: Any) -> None:
        """
        Args:
            root: the bundle's folder.
            base: the classic session of the server.
        """
        self._root, self._base = root, base
        self._folder = root / ".lakeflow" / "sql"

    def run(self, spark: Any, statement: str) -> str | None:
        """Carry a statement out, if it makes, refreshes or drops such a table; what was done, None for any other.

        Args:
            spark: the session of the task, whose catalog and schema complete the name.

        Raises:
            UserError: when the table cannot be made, or REFRESH names one that no SQL task has made.
        """
        start = COMMENTS.match(statement)
        plain = statement[start.end() :] if start else statement
        if found := _CREATE.match(plain):
            return self._create(spark, found, plain)
        if found := _REFRESH.match(plain):
            name = self._name(spark, found)
            file = self._file(name)
            if file is None:
                problem = f"no SQL task has made {name}: a dataset of a pipeline is refreshed with a pipeline task"
                raise UserError(f"REFRESH {found['kind'].upper()}: {problem}")
            return self._update(name, file, full=bool(found["full"]))
        if found := _DROP.match(plain):
            name = self._name(spark, found)
            spark.sql(f"DROP TABLE {found['unless'] or ''}{name}")
            shutil.rmtree(self._folder / name, ignore_errors=True)
            return f"{name} is dropped"
        return None

    def _create(self, spark: Any, found: re.Match[str], plain: str) -> str:
        name = self._name(spark, found)
        if not found["how"] and self._file(name) is not None:
            if found["unless"]:
                return f"{name} is there already"
            raise UserError(f"{name} is there already: write CREATE OR REPLACE, or IF NOT EXISTS")
        where = self._folder / name
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir(parents=True)
        catalog, schema = complete_name(spark, ["x"])[:2]
        file = where / f"{catalog}.{schema}.sql"
        content = _SCHEDULE.sub(lambda inner: inner[1] or "", plain[found.end() :])
        file.write_text(f"CREATE OR REFRESH {found['kind']} {found['name']}{content}\n", encoding="utf-8")
        done = self._update(name, file, full=False)
        is_scheduled = content != plain[found.end() :]
        return f"{done}; its schedule has no effect here, only REFRESH" if is_scheduled else done

    def _update(self, name: str, file: Path, *, full: bool) -> str:
        from lakeflow_local.pipelines import Pipeline

        catalog, schema = file.stem.split(".", 1)
        spec = {"name": name, "catalog": catalog, "schema": schema, "libraries": [{"file": {"path": str(file)}}]}
        try:
            update: Update = Pipeline(spec, root=self._root, spark=self._base).update(full_refresh_all=full)
        except UserError as error:
            raise UserError(error.message) from None  # the place is that of the statement, not in a file of ours
        if update.state != "COMPLETED":
            raise UserError(re.sub(rf"\b{re.escape(file.name)}:\d+: ", "", str(update.error)))
        return "; ".join(f"{result.name}: {result.rows} rows written" for result in update)

    def _name(self, spark: Any, found: re.Match[str]) -> str:
        return ".".join(complete_name(spark, parts_of(spark, found["name"])))

    def _file(self, name: str) -> Path | None:
        return next((self._folder / name).glob("*.sql"), None)
