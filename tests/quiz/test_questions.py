"""The questions are of exam quality as far as a test can tell: nothing but the matter gives an answer away."""

import re
from collections import Counter
from itertools import combinations
from statistics import mean

import pytest

from quiz.questions import LETTERS, ROOT, TOPICS, questions, topics

GUIDE = (ROOT / "docs/guide.md").read_text(encoding="utf-8")
# Each row of a table in these sections is asked about; the order of decision and today's symptoms are for the runbook.
ASKED = ("What is really being asked", "Which layer", "What safe orchestration", "Traps", "Triage by clue")


def rows(sections: tuple[str, ...] = ("",)) -> set[str]:
    """The first cells of the tables in some sections of the guide."""
    found, heading = set(), ""
    lines = GUIDE.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        heading = line if line.startswith("## ") else heading
        is_row = line.startswith("| ") and not following.startswith("|---")
        if is_row and any(section in heading for section in sections):
            found.add(line.split(" | ")[0].removeprefix("| ").strip())
    return found


def headings() -> set[str]:
    """The bold lines of the guide."""
    return set(re.findall(r"^\*\*(.+?)\.?\*\*$", GUIDE, flags=re.MULTILINE))


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z_]{4,}", text.lower()))


def test_there_are_forty_in_seven_topics_each_with_four_answers_and_one_of_them_right() -> None:
    assert len(questions()) == 40
    assert [topic.key for topic in topics()] == list(TOPICS)
    assert min(len(topic.questions) for topic in topics()) >= 5
    assert len({question.id for question in questions()}) == 40
    for question in questions():
        assert len({answer.text for answer in question.answers}) == len(LETTERS) == 4
        assert [answer.is_right for answer in question.answers].count(True) == 1


def test_the_place_of_the_right_answer_is_spread_evenly() -> None:
    assert set(Counter(question.right for question in questions()).values()) == {10}
    for topic in topics():
        assert max(Counter(question.right for question in topic.questions).values()) <= 3


def test_the_length_of_the_right_answer_does_not_tell() -> None:
    ranks: Counter[int] = Counter()
    ratios = []
    for question in questions():
        lengths = [len(answer.text) for answer in question.answers]
        right = lengths[LETTERS.index(question.right)]
        ranks[sorted(lengths).index(right)] += 1
        ratios.append(right / mean(lengths))
    assert max(ranks.values()) <= 14, f"40 right answers by rank of length, the shortest first: {sorted(ranks.items())}"
    assert min(ranks.values()) >= 6, f"40 right answers by rank of length, the shortest first: {sorted(ranks.items())}"
    assert 0.97 < mean(ratios) < 1.03
    assert min(ratios) > 0.85 and max(ratios) < 1.15


@pytest.mark.parametrize("word", ["always", "never", "all", "only", "every", "none", "cannot", "may"])
def test_no_word_gives_the_right_answer_away(word: str) -> None:
    """Somebody who always (or never) picks the answers with the word does little better than by chance."""
    share = {True: 0, False: 0}
    for question in questions():
        for answer in question.answers:
            share[answer.is_right] += word in re.findall(r"[a-z]+", answer.text.lower())
    assert abs(share[True] / 40 - share[False] / 120) < 0.2


def test_no_two_are_of_one_kind() -> None:
    for one, other in combinations(questions(), 2):
        a, b = (words(question.scenario + question.right) for question in (one, other))
        assert len(a & b) / len(a | b) < 0.3, (one.id, other.id)
        same = one.rows == other.rows and one.evidence.tests == other.evidence.tests
        assert not same or one.evidence.drill != other.evidence.drill, (one.id, other.id)


def test_each_row_of_the_guide_that_can_be_asked_about_is() -> None:
    named = {row for question in questions() for row in question.rows}
    assert sorted(rows(ASKED) - named) == []
    assert sorted(named - rows() - headings()) == []


def test_what_to_read_exists() -> None:
    for topic in topics():
        path, _, anchor = topic.read.partition("#")
        text = (ROOT / path).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, topic.read
