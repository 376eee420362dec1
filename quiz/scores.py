"""What a round came to: a score for each topic, and what to read where it is low."""

from collections.abc import Iterable
from dataclasses import dataclass

from quiz.questions import Question, Topic

PASS_PERCENT = 70  # below it a topic is called weak


@dataclass(frozen=True)
class Score:
    """How many of a topic's questions that were asked were answered rightly."""

    topic: Topic
    right: int
    asked: int

    @property
    def percent(self) -> int:
        return 100 * self.right // self.asked

    @property
    def is_weak(self) -> bool:
        return self.percent < PASS_PERCENT


def scores(topics: Iterable[Topic], given: Iterable[tuple[Question, str]]) -> list[Score]:
    """The score of each topic of which something was asked.

    Args:
        given: Each question that was answered, with the letter that was chosen.
    """
    answered = list(given)
    found = []
    for topic in topics:
        of_topic = [(question, letter) for question, letter in answered if question.topic == topic.key]
        if of_topic:
            found.append(Score(topic, sum(letter == question.right for question, letter in of_topic), len(of_topic)))
    return found
