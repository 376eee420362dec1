"""The pages are made from the questions: docs/quiz.md, the page for a browser, and the round in the terminal."""

import json
import re

import pytest

from quiz import markdown, web
from quiz.__main__ import MARKDOWN
from quiz.questions import LETTERS, questions, topics
from quiz.scores import scores
from quiz.terminal import play


def played(answers: list[str], number: int = 2) -> str:
    """What a round in the terminal shows."""
    given, said = iter(answers), []

    def ask(prompt: str) -> str:
        try:
            return next(given)
        except StopIteration:
            raise EOFError from None

    play(questions()[:number], ask, said.append)
    return "\n".join(said)


def test_the_markdown_page_is_that_of_the_questions() -> None:
    assert MARKDOWN.read_text(encoding="utf-8") == markdown.page(), "make it anew: python -m quiz --markdown"


def test_no_heading_gives_an_answer_away() -> None:
    headings = re.findall(r"^### (.*)$", markdown.page(), flags=re.MULTILINE)
    assert headings == [f"Question {question.number}" for question in questions()]


def test_the_page_has_every_question_with_its_arguments_and_evidence() -> None:
    data = json.loads(re.findall(r'id="data">(.*?)</script>', web.page(".."), flags=re.DOTALL)[0])
    shown = {question["id"]: question for topic in data["topics"] for question in topic["questions"]}
    assert list(shown) == [question.id for question in questions()]
    for question in questions():
        assert shown[question.id]["right"] == LETTERS.index(question.right)
        assert shown[question.id]["commands"] == question.commands()
        assert len(shown[question.id]["answers"]) == 4


def test_the_page_loads_nothing_from_outside() -> None:
    text = web.page("..")
    assert re.findall(r"""(?:src|href)=["'](?!\.\.)[^"']*|@import|url\(|https?://""", text) == []
    assert "default-src 'none'" in text
    assert not re.search(r"/\*\{\w+\}\*/", text)


def test_a_round_argues_all_answers_and_scores_by_topic() -> None:
    first, second = questions()[:2]
    wrong = next(letter for letter in LETTERS if letter != second.right)
    text = played([first.right.lower(), wrong])
    assert "Right." in text
    assert f"Not {wrong}: {second.right} is right." in text
    assert "1 of 2 right" in text
    assert re.search(r"Layers +1 of 2 +50 %  to read: docs/guide\.md", text)
    for command in first.commands():
        assert command in text


@pytest.mark.parametrize(("answers", "last"), [(["q"], "Nothing was answered."), ([], "Nothing was answered.")])
def test_a_round_can_be_stopped_at_once(answers: list[str], last: str) -> None:
    assert played(answers).endswith(last)


def test_an_answer_that_is_none_is_asked_for_again() -> None:
    assert "'E' is none of A, B, C, D and q" in played(["e", "q"])


def test_a_topic_of_which_nothing_was_asked_has_no_score_and_a_full_one_is_not_weak() -> None:
    first = questions()[0]
    [score] = scores(topics(), [(first, first.right)])
    assert (score.topic.key, score.percent, score.is_weak) == ("layers", 100, False)
