"""Findings as SARIF 2.1.0, which code hosts and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lakeflow_local.check.finding import Finding
from lakeflow_local.check.formats.paths import from_repository
from lakeflow_local.check.rule import Rule, all_rules

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_sarif(findings: list[Finding], root: Path) -> dict[str, Any]:
    """One run, with the rules that found something."""
    from importlib import metadata  # slow to import, and the other formats need it not

    rules = {one.rule: all_rules()[one.rule] for one in findings}
    index = {name: at for at, name in enumerate(rules)}
    driver = {
        "name": "lakeflow-local check",
        "version": metadata.version("lakeflow-local"),
        "rules": [_rule(one) for one in rules.values()],
    }
    results = [_result(one, index[one.rule], root) for one in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    first = rule.check.__doc__ or rule.reason
    return {
        "id": rule.id,
        "shortDescription": {"text": first.strip().splitlines()[0]},
        "fullDescription": {"text": rule.reason},
        "help": {"text": f"{rule.reason} {rule.fix} ({rule.basis}: {rule.fact})"},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": [rule.family]},
    }


def _result(one: Finding, index: int, root: Path) -> dict[str, Any]:
    location: dict[str, Any] = {}
    if one.file:
        place: dict[str, Any] = {
            "artifactLocation": {"uri": quote(from_repository(one.file, root)), "uriBaseId": "%SRCROOT%"}
        }
        if one.line:
            place["region"] = {"startLine": one.line}
        location["physicalLocation"] = place
    if one.path:
        location["logicalLocations"] = [{"fullyQualifiedName": one.path}]
    where = re.sub(r"\[\d+\]", "[]", f"{one.rule}\0{one.file}\0{one.path}\0{one.message}")
    return {
        "ruleId": one.rule,
        "ruleIndex": index,
        "level": one.severity,
        "message": {"text": f"{one.message}. Fix: {one.fix}"},
        "locations": [location] if location else [],
        "partialFingerprints": {"finding/v1": hashlib.sha256(where.encode()).hexdigest()},
        "properties": {"targets": list(one.targets)},
    }
