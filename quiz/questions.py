"""Reads the questions. Each file in `questions/` is a topic; the order of files is that of `TOPICS`.

In the data the right answer stands apart from the wrong ones. Where it is shown is decided here, by a seed: each of
the four places gets as many right answers as any other.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
TOPICS = ("layers", "quality", "control_flow", "retries", "reruns", "notifications", "environments")
LETTERS = "ABCD"
_SEED = 18


@dataclass(frozen=True)
class Answer:
    """One of four answers. `argument` says why it is right, or what is wrong with it."""

    text: str
    argument: str
    is_right: bool


@dataclass(frozen=True)
class Evidence:
    """What can be run here.

    Attributes:
        drill: Name of a drill, or None.
        tests: Node ids of tests, or files of tests.
        simulated: Whether tests/quiz simulates a job for this question.
    """

    drill: str | None
    tests: tuple[str, ...]
    simulated: bool


@dataclass(frozen=True)
class Question:
    """A scenario with four answers in the order in which they are shown.

    Attributes:
        rows: First cells of rows (or headings) of docs/guide.md that it is about.
        simulation: The simulated job of its evidence as it is written, or None; tests/quiz runs it.
    """

    id: str
    topic: str
    number: int
    rows: tuple[str, ...]
    scenario: str
    answers: tuple[Answer, ...]
    evidence: Evidence
    simulation: Mapping[str, Any] | None

    @property
    def right(self) -> str:
        """The letter of the right answer."""
        return LETTERS[[answer.is_right for answer in self.answers].index(True)]

    def commands(self) -> list[str]:
        """What to type to see the evidence."""
        found = [f"make drill NAME={self.evidence.drill}"] if self.evidence.drill else []
        found += [f"make quiz EVIDENCE={self.id}"] if self.evidence.simulated else []
        return found + [f".venv/bin/pytest {test}" for test in self.evidence.tests]


@dataclass(frozen=True)
class Topic:
    """The questions of a file. `read` is what to read where they went wrong, from the root of the repository."""

    key: str
    title: str
    read: str
    questions: tuple[Question, ...]


@cache
def topics() -> tuple[Topic, ...]:
    """All topics in their order, with questions numbered from 1 through all of them."""
    files = {key: _read(key) for key in TOPICS}
    places = _places(sum(len(file["questions"]) for file in files.values()))
    rng = random.Random(_SEED)
    found, number = [], 0
    for key, file in files.items():
        questions = []
        for entry in file["questions"]:
            number += 1
            questions.append(_question(entry, key, number, places[number - 1], rng))
        found.append(Topic(key, file["title"], file["read"], tuple(questions)))
    return tuple(found)


def questions() -> list[Question]:
    """The questions of all topics, in order."""
    return [question for topic in topics() for question in topic.questions]


def _read(key: str) -> dict[str, Any]:
    return yaml.safe_load((Path(__file__).parent / "questions" / f"{key}.yml").read_text(encoding="utf-8"))


def _places(number: int) -> list[int]:
    """A place for each right answer: each place equally often, and never the same one four times in a row."""
    rng = random.Random(_SEED)
    places = [n % len(LETTERS) for n in range(number)]
    while True:
        rng.shuffle(places)
        if all(len(set(places[n : n + 4])) > 1 for n in range(number - 3)):
            return places


def _question(entry: Mapping[str, Any], topic: str, number: int, place: int, rng: random.Random) -> Question:
    answers = [Answer(wrong["answer"], wrong["flaw"], False) for wrong in entry["wrong"]]
    rng.shuffle(answers)
    answers.insert(place, Answer(entry["right"], entry["because"], True))
    evidence = entry["evidence"]
    simulation = evidence.get("simulate")
    return Question(
        id=entry["id"],
        topic=topic,
        number=number,
        rows=tuple(entry["rows"]),
        scenario=entry["scenario"],
        answers=tuple(answers),
        evidence=Evidence(evidence.get("drill"), tuple(evidence.get("tests", ())), simulation is not None),
        simulation=simulation,
    )
