"""What a rule checks for every bundle holds for this one, in each target: names, order, files, retries, production."""

from lakeflow_local.check.engine.running import Options, check


def test_the_checker_finds_nothing_and_ignores_only_what_says_why(root):
    checked = check(root, Options(all_targets=True))
    assert checked.problems == {}
    assert [f"{one.file}:{one.line}: {one.rule}: {one.message}" for one in checked.findings] == []
    assert {(one.rules, one.file.name) for one in checked.bundle.ignores} == set()
