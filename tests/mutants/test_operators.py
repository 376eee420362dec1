"""Every operator finds its place, changes what it says and nothing else, and leaves YAML that parses."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.mutants.draft import Draft, NoPlace, copy_bundle
from tests.mutants.operator import FAMILIES, OPERATORS, draft_seed, held_out
from tests.mutants.operators import __all__ as _registered  # noqa: F401


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return copy_bundle(tmp_path_factory.mktemp("bundle"))


def contents(root: Path) -> dict[str, str]:
    """The text of each file of a bundle."""
    files = [path for path in root.rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8", errors="replace") for path in files}


@pytest.fixture(scope="module")
def unchanged(bundle):
    return contents(bundle)


@pytest.fixture
def copy(bundle, tmp_path):
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_an_operator_changes_what_it_says_and_nothing_else(copy, unchanged, name):
    edits = OPERATORS[name].apply(Draft(copy, draft_seed(name)))
    changed = contents(copy)
    differing = {file for file in changed.keys() | unchanged.keys() if changed.get(file) != unchanged.get(file)}
    assert differing == {edit.file for edit in edits}
    for edit in edits:
        if edit.file in changed and edit.file in unchanged:
            lines = changed[edit.file].splitlines()
            assert edit.before != edit.after
            assert edit.after.splitlines() == lines[edit.line - 1 :][: len(edit.after.splitlines())]
    for file in differing & changed.keys():
        if file.endswith((".yml", ".yaml")):
            assert isinstance(yaml.safe_load(changed[file]), dict)
        if file.endswith(".py"):
            compile(changed[file], file, "exec")


def test_the_same_seed_makes_the_same_mutant(bundle, tmp_path):
    made = []
    for folder in ("one", "two"):
        root = Path(shutil.copytree(bundle, tmp_path / folder))
        draft = Draft(root, draft_seed("resource_misspelt"))
        made.append(OPERATORS["resource_misspelt"].apply(draft))
    assert made[0] == made[1]


def test_every_family_has_operators_and_there_are_sixty():
    by_family = {family: [name for name in OPERATORS if OPERATORS[name].family == family] for family in FAMILIES}
    assert len(OPERATORS) >= 60
    assert min(map(len, by_family.values())) >= 5


def test_a_third_is_held_out_from_every_family():
    assert abs(3 * len(held_out()) - len(OPERATORS)) <= 1
    assert {OPERATORS[name].family for name in held_out()} == set(FAMILIES)


def test_an_operator_without_a_place_says_so(tmp_path):
    (tmp_path / "resources").mkdir()
    with pytest.raises(NoPlace, match="no line of"):
        OPERATORS["depends_on_misspelt"].apply(Draft(tmp_path, "1"))
