"""Each answer of the runbook has a command for a workspace and one for a laptop, and a test that carries it out."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
ANSWERS = {
    section.splitlines()[0]: section
    for section in PAGE.split("\n## ")[1:]
    if not section.startswith(("What a rerun touches", "Rarer"))
}
CARRIED_OUT = (ROOT / "tests/runbook/test_symptoms.py").read_text(encoding="utf-8")


def test_the_nine_symptoms_are_answered_and_every_test_of_them_is_named() -> None:
    assert len(ANSWERS) == 9
    named = set(re.findall(r"\[`(test_\w+)`\]\(\.\./tests/runbook/test_symptoms\.py\)", PAGE))
    assert named == set(re.findall(r"^def (test_\w+)", CARRIED_OUT, re.MULTILINE))


@pytest.mark.parametrize("symptom", ANSWERS)
def test_an_answer_has_commands_for_both_places_and_says_when_it_is_over(symptom: str) -> None:
    commands = re.findall(r"^(databricks|lakeflow-local) (?:jobs |bundle )?\w+", ANSWERS[symptom], re.MULTILINE)
    assert set(commands) == {"databricks", "lakeflow-local"}
    assert "Over when" in ANSWERS[symptom]
    assert "Carried out by" in ANSWERS[symptom]
