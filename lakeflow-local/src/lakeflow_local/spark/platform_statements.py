"""What statements of the platform do here that Spark does not know: carried out, without effect, or refused by name."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakeflow_local.errors import UserError
from lakeflow_local.spark import catalogs

COMMENTS = re.compile(r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)+", re.DOTALL)
_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`"
# What a word of a statement does not stand in when it means something: texts, names in quotes, comments.
KEPT = _QUOTED + r"|--[^\n]*|/\*.*?\*/"
NAME = r"(?:(?:`[^`]+`|IDENTIFIER\s*\([^)]*\)|[\w\-]+)(?:\s*\.\s*(?:`[^`]+`|[\w\-]+))*)"


def pattern(text: str) -> re.Pattern[str]:
    return re.compile(text.replace(" ", r"\s+"), re.IGNORECASE | re.DOTALL)


_WITHOUT_EFFECT = {
    pattern(r"(?:GRANT|REVOKE|DENY|MSCK REPAIR .*PRIVILEGES)\b"): "there are no permissions here",
    pattern(r"ALTER .*?\b(?:SET )?OWNER TO\b"): "nothing has an owner here",
    pattern(r"ALTER .*?\b(?:SET|UNSET) TAGS\b|(?:SET|UNSET) TAG\b"): "there are no tags here",
    pattern(r"ALTER .*?\b(?:SET|DROP) ROW FILTER\b|ALTER .*?\b(?:SET|DROP) MASK\b"): "there are no permissions here",
    pattern(r"ALTER .*?\b(?:ENABLE|DISABLE|INHERIT) PREDICTIVE OPTIMIZATION\b"): "nothing is optimized by itself here",
    pattern(rf"ALTER TABLE {NAME} CLUSTER BY AUTO\b"): "tables are not clustered by themselves here",
    pattern(
        rf"ALTER TABLE {NAME} (?:ADD (?:CONSTRAINT \S+ )?|DROP )(?:PRIMARY|FOREIGN) KEY\b"
    ): "nobody enforces a key, on the platform either",
    pattern(
        rf"ALTER (?:MATERIALIZED VIEW|STREAMING TABLE) {NAME} (?:ADD|ALTER|DROP) (?:SCHEDULE|TRIGGER)\b"
    ): "here nothing is refreshed by itself, only by REFRESH",
    pattern(r"ANALYZE TABLES?\b"): "no statistics are kept here",
    pattern(r"CACHE SELECT\b"): "there is no disk cache here",
    pattern(
        r"COMMENT ON (?:CATALOG|VOLUME|FUNCTION|CONNECTION|SHARE|RECIPIENT|PROVIDER)\b"
    ): "comments on it are not kept here",
}
_IN_WORKSPACE = (
    "(?:EXTERNAL LOCATION|(?:STORAGE |SERVICE )?CREDENTIAL|CONNECTION|SHARE|RECIPIENT|PROVIDER|FOREIGN CATALOG|SERVER|"
    "CLEAN ROOM|EXTERNAL METADATA|POLICY|GROUP|USER)"
)
_ELSEWHERE = " outside of a SQL task's file: there, or in a pipeline, it works"
_REFUSED = {
    pattern(r"(?:REFRESH|DROP) (?:MATERIALIZED VIEW|STREAMING TABLE)\b"): _ELSEWHERE,
    pattern(r"ALTER (?:MATERIALIZED VIEW|STREAMING TABLE)\b"): ": declare it anew with CREATE OR REFRESH",
    pattern(rf"CREATE (?:OR REPLACE )?TABLE (?:IF NOT EXISTS )?{NAME} (?:DEEP )?CLONE\b"): (
        ": write SHALLOW CLONE, or CREATE TABLE … AS SELECT"
    ),
    pattern(r"CREATE (?:OR REPLACE )?(?:TEMPORARY )?FUNCTION\b.*?\bLANGUAGE PYTHON\b"): (
        ", which a catalog of the platform runs"
    ),
    pattern(r"CREATE (?:OR (?:REPLACE|REFRESH) )?(?:PRIVATE )?(?:MATERIALIZED VIEW|STREAMING TABLE)\b"): _ELSEWHERE,
    pattern(r"CREATE (?:OR REPLACE )?VIEW\b.*\bWITH METRICS\b"): ", which lives in a workspace",
    pattern(rf"(?:CREATE|ALTER|DROP|SHOW) (?:OR REPLACE )?(?:IF (?:NOT )?EXISTS )?{_IN_WORKSPACE}S?\b"): (
        ", which lives in a workspace"
    ),
    pattern(rf"(?:DESCRIBE|DESC) {_IN_WORKSPACE} (?=\S)"): ", which lives in a workspace",
    pattern(r"(?:SHOW GRANTS?|SHOW VOLUMES|(?:DESCRIBE|DESC) (?:VOLUME|CATALOG)|LIST|ALTER (?:VOLUME|CATALOG))\b"): (
        ", which asks the workspace's catalog"
    ),
    pattern(
        r"(?:(?:CREATE (?:OR REPLACE )?|DROP )PROCEDURE|CALL|"
        r"DROP CATALOG|UNDROP|SYNC (?:SCHEMA|TABLE)|REORG|CREATE BLOOMFILTER INDEX)\b"
    ): ", which has no counterpart here",
}
_CREATE_CATALOG = pattern(rf"CREATE CATALOG (?:IF NOT EXISTS )?({NAME})")
_VOLUME = pattern(rf"(CREATE|DROP) (?:EXTERNAL )?VOLUME (IF (?:NOT )?EXISTS )?({NAME})(?P<rest>.*)$")
_MANAGED_LOCATION = pattern(r"\bMANAGED LOCATION ('[^']*'|\"[^\"]*\")")
_CREATE_TABLE = pattern(r"(?:CREATE|REPLACE) (?:OR REPLACE )?(?:EXTERNAL )?TABLE\b")
_CLUSTER_BY_AUTO = pattern(rf"({_QUOTED})|\bCLUSTER BY AUTO\b")
# What a column or a table may have behind it that restricts nothing here; texts, names in quotes and comments stay.
_OPTION = (
    r"(?: (?:NOT ENFORCED|(?:NOT )?DEFERRABLE|INITIALLY DEFERRED|NORELY|RELY|MATCH FULL|"
    r"ON (?:UPDATE|DELETE) NO ACTION))"
)
_NAMED = rf"(?:CONSTRAINT {NAME} )?"
_PARENT = rf"REFERENCES {NAME}(?:\s*\([^)]*\))?"
_RESTRICTION = pattern(
    rf"(?P<kept>{KEPT})"
    rf"|,\s*{_NAMED}(?P<key>(?:PRIMARY|FOREIGN) KEY)\s*\([^)]*\)(?:\s*{_PARENT})?{_OPTION}*"
    rf"|(?<=[\w)>]) {_NAMED}(?P<primary>PRIMARY KEY)\b{_OPTION}*"
    rf"|(?<=[\w)>]) {_NAMED}(?P<foreign>(?:FOREIGN KEY )?{_PARENT}){_OPTION}*"
    rf"|(?<=[\w)>]) (?P<mask>MASK) {NAME}(?: USING COLUMNS\s*\([^)]*\))?"
    rf"|(?:\bWITH )?\b(?P<filter>ROW FILTER) {NAME} ON\s*\([^)]*\)"
)
_CREATE_SCHEMA = pattern(r"CREATE (?:SCHEMA|DATABASE)\b")


@dataclass(frozen=True)
class Statements:
    """Takes statements on their way to a Spark session.

    Attributes:
        volumes: the folder that stands for `/Volumes`; None where there is none.
        say: takes a line on what a statement does not do here.
    """

    volumes: Path | None
    say: Callable[[str], None]

    def adapted(self, spark: Any, statement: str) -> str | None:
        """What Spark is to run instead; None if there is nothing to run.

        Raises:
            UserError: for a statement that cannot be carried out.
        """
        start = COMMENTS.match(statement)
        plain = statement[start.end() :] if start else statement
        for form, why in _WITHOUT_EFFECT.items():
            if found := form.match(plain):
                self.say(f"{_shown(found)} has no effect: {why}")
                return None
        for form, why in _REFUSED.items():
            if found := form.match(plain):
                raise UserError(f"lakeflow-local does not run {_shown(found)}{why}")
        if found := _CREATE_CATALOG.match(plain):
            catalogs.register(spark, parts_of(spark, found.group(1))[-1])
            return None
        if found := _VOLUME.match(plain):
            self._volume(spark, found)
            return None
        if _CREATE_SCHEMA.match(plain) and _MANAGED_LOCATION.search(plain):
            self.say("MANAGED LOCATION has no effect: tables lie in the bundle's own folder")
            return _MANAGED_LOCATION.sub("", plain)
        if _CREATE_TABLE.match(plain):
            adapted = _CLUSTER_BY_AUTO.sub(lambda found: found.group(1) or "", plain)
            if adapted != plain:
                self.say("CLUSTER BY AUTO has no effect: tables are not clustered by themselves here")
            return catalogs.fit(spark, self._unrestricted(adapted))
        return catalogs.fit(spark, statement)

    def _unrestricted(self, statement: str) -> str:
        """CREATE TABLE without keys, masks and row filters, each kind of which is said once."""
        said: dict[str, None] = {}

        def without(found: re.Match[str]) -> str:
            if found["kept"] is not None:
                return found[0]
            key = " ".join((found["key"] or found["primary"] or "").upper().split())
            said[key or ("FOREIGN KEY" if found["foreign"] else "MASK" if found["mask"] else "ROW FILTER")] = None
            return ""

        adapted = _RESTRICTION.sub(without, statement)
        for what in said:
            why = "nobody enforces a key, on the platform either" if "KEY" in what else "there are no permissions here"
            self.say(f"{what} has no effect: {why}")
        return adapted

    def _volume(self, spark: Any, found: re.Match[str]) -> None:
        if self.volumes is None:
            raise UserError(f"lakeflow-local has no volumes here, so it does not run {found.group(1).upper()} VOLUME")
        name = complete_name(spark, parts_of(spark, found.group(3)))
        folder = self.volumes.joinpath(*name)
        shown = ".".join(name)
        if found.group(1).upper() == "CREATE":
            if folder.exists() and not found.group(2):
                raise UserError(f"volume {shown} is there already: write IF NOT EXISTS")
            folder.mkdir(parents=True, exist_ok=True)
            if "location" in found.group("rest").lower():
                self.say(f"LOCATION has no effect: volume {shown} is a folder of this machine")
        elif folder.is_dir():
            shutil.rmtree(folder)
        elif not found.group(2):
            raise UserError(f"there is no volume {shown}: write IF EXISTS")


def _shown(found: re.Match[str]) -> str:
    """The words of a statement that say what it is."""
    words = re.findall(r"[A-Za-z]+", found.group(0))
    return " ".join(words if len(words) <= 4 else [words[0], "…", *words[-2:]]).upper()


def parts_of(spark: Any, name: str) -> list[str]:
    inner = re.fullmatch(r"IDENTIFIER\s*\((.*)\)", name, re.IGNORECASE | re.DOTALL)
    text = str(spark.sql(f"SELECT {inner.group(1)}").head()[0]) if inner else name
    parts = [quoted.replace("``", "`") or plain for quoted, plain in re.findall(r"`((?:[^`]|``)+)`|([^`.\s]+)", text)]
    if any(part in ("..", "") or "/" in part for part in parts):
        raise UserError(f"{name} is no name")
    return parts


def complete_name(spark: Any, parts: list[str]) -> list[str]:
    """A name with its catalog and schema."""
    if len(parts) > 2:
        return parts
    schema = spark.catalog.currentDatabase()
    catalog = spark.catalog.currentCatalog()
    if catalog == catalogs.LOCAL and "__" in schema:
        catalog, schema = schema.split("__", 1)
    return [catalog, schema, *parts] if len(parts) == 1 else [catalog, *parts]
