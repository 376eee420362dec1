"""The rules that ask Spark find their bad example, and not their good one; nothing is written on the way."""

import pytest

from lakeflow_local.check.engine.running import Options, check
from lakeflow_local.check.rule import all_rules

RULES = [one for one in all_rules().values() if one.needs_spark]


@pytest.mark.parametrize("rule", RULES, ids=lambda one: one.id)
def test_a_rule_that_asks_spark_finds_its_bad_example_only(rule, tmp_path, monkeypatch):
    monkeypatch.setenv("LAKEFLOW_LOCAL_WORKSPACE", "off")
    found = {}
    for kind in ("bad", "good"):
        root = tmp_path / kind
        for name, text in getattr(rule, kind).items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.chdir(root)
        found[kind] = [(one.rule, one.severity) for one in check(root, Options(with_spark=True)).findings]
        assert not list(root.glob("spark-warehouse/**/*.parquet")) and not list(root.glob(".lakeflow/**/*.parquet"))
    assert (rule.id, rule.severity) in found["bad"]
    assert found["good"] == []


def test_without_being_asked_spark_is_not_used(tmp_path):
    for name, text in RULES[0].bad.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    checked = check(tmp_path, Options())
    assert not {one.id for one in RULES} & set(checked.rules)
    assert not (tmp_path / ".lakeflow").exists()
