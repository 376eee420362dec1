"""What a SQL query reads: its tables, as streams or not, its sources of files and brokers, its columns."""

from __future__ import annotations

import re

from lakeflow_local.check.datasets.model import Deed, Place, Query, Read, Source

_WITH_OPTIONS = re.compile(r"(\bSTREAM\s*(?:\([^()]*\)|[\w.`]+))\s+WITH\s*\(([^()]*)\)", re.IGNORECASE)
_SOURCES = ("read_files", "cloud_files", "read_kafka", "read_kinesis", "read_pubsub", "read_pulsar")
_FORMAT = {"read_files": "cloudFiles", "cloud_files": "cloudFiles"}
_CHANGES = (
    "INSERT",
    "CREATE",
    "DROP",
    "DELETE",
    "MERGE",
    "UPDATE",
    "TRUNCATE",
    "ALTER",
    "OPTIMIZE",
    "VACUUM",
    "REFRESH",
)
_WITHOUT_EFFECT = re.compile(r"\s*(USE|SET|SELECT|WITH|FROM|VALUES|SHOW|DESCRIBE|DESC|EXPLAIN|TABLE)\b", re.IGNORECASE)


def query_of(text: str, place: Place, use: tuple[str | None, str] | None = None) -> Query:
    """What a query reads; `is_complete` is False where it cannot be parsed."""
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    query = Query()
    options: dict[str, dict[str, str]] = {}

    def cut(found: re.Match[str]) -> str:
        table = re.sub(r"^STREAM\s*\(?|\)$", "", found[1], flags=re.IGNORECASE).strip().strip("`").lower()
        options[table] = {
            name.strip().strip("'\" ").partition("=")[0].strip("'\" ").lower(): "true" for name in found[2].split(",")
        }
        return found[1] + re.sub(r"[^\n]", " ", found[0][len(found[1]) :])

    try:
        tree = parse_one(_WITH_OPTIONS.sub(cut, text), dialect="databricks")
    except (SqlglotError, RecursionError):
        query.is_complete = False
        return query
    if not isinstance(tree, exp.Query):
        query.is_complete = False
        return query
    common = {one.alias_or_name.lower() for one in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        streaming = _streams(table)
        if isinstance(table.this, exp.Func):
            _function(table.this, query, place, streaming=streaming)
            continue
        parts = [part.name for part in table.parts]
        if len(parts) == 1 and (parts[0].lower() in common or not parts[0]):
            continue
        if any("{" in part or "$" in part for part in parts):
            query.is_complete = False
            continue
        inside = len(parts) == 2 and parts[0].lower() == "live"
        name = ".".join(f"`{part}`" if re.search(r"\W", part) else part for part in parts)
        query.reads.append(Read(name, streaming, place, inside, options.get(".".join(parts).lower(), {}), use))
    for pivot in tree.find_all(exp.Pivot):
        if not pivot.args.get("unpivot"):
            query.deeds.append(Deed("pivot", "PIVOT", place, None))
    query.columns = _columns(tree)
    return query


def _streams(table: object) -> bool:
    from sqlglot import exp

    node = table.parent  # type: ignore[attr-defined]
    while isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
        node = node.parent
    return isinstance(node, exp.Stream)


def _function(function: object, query: Query, place: Place, *, streaming: bool) -> None:
    name = str(getattr(function, "name", "") or getattr(function, "key", "")).lower()
    if name in _SOURCES:
        always = name in ("cloud_files", "read_kinesis", "read_pubsub", "read_pulsar")
        options: dict[str, str] = {}
        for one in getattr(function, "expressions", []):
            if one.key == "kwarg":
                options[one.this.name.lower()] = one.expression.name
        query.sources.append(Source(_FORMAT.get(name, name.removeprefix("read_")), streaming or always, place, options))
    elif name not in ("range", "explode", "inline", "posexplode", "stack", "json_tuple", "sequence"):
        query.is_complete = False


def _columns(tree: object) -> tuple[str, ...] | None:
    from sqlglot import exp

    if not isinstance(tree, exp.Select) or tree.find(exp.Pivot):
        return None
    names = []
    for one in tree.expressions:
        name = one.alias_or_name
        if one.is_star or not name or name == "*" or isinstance(one, exp.Aliases | exp.Explode | exp.Inline):
            return None
        if not isinstance(one, exp.Alias | exp.Column):
            return None  # the name that Spark makes up
        names.append(name)
    return tuple(names)


def changes(text: str) -> str | None:
    """The first word of a statement that changes something, None for one that reads or sets."""
    if _WITHOUT_EFFECT.match(text):
        return None
    word = text.strip().split(None, 1)[0].upper() if text.strip() else ""
    return word if word in _CHANGES else None
