"""Asks the questions in the terminal."""

import textwrap
from collections.abc import Callable, Sequence

from quiz.questions import LETTERS, Question, topics
from quiz.scores import scores

_WIDTH = 100


def play(questions: Sequence[Question], ask: Callable[[str], str] = input, say: Callable[[str], None] = print) -> None:
    """Asks each question, argues its answers, and ends with the scores; `q` or the end of input stops earlier.

    Args:
        questions: In the order in which they are asked.
        ask: Shows a prompt and returns a line.
        say: Shows a text.
    """
    given: list[tuple[Question, str]] = []
    for number, question in enumerate(questions, start=1):
        say(f"\n{number} of {len(questions)}\n\n{_wrapped(question.scenario)}\n")
        for letter, answer in zip(LETTERS, question.answers, strict=True):
            say(_wrapped(answer.text, f"  {letter}  "))
        letter = _letter(ask, say)
        if letter is None:
            break
        given.append((question, letter))
        say(f"\n{'Right.' if letter == question.right else f'Not {letter}: {question.right} is right.'}\n")
        for other, answer in zip(LETTERS, question.answers, strict=True):
            say(_wrapped(answer.argument, f"  {other}  "))
        say("\n  See it: " + "\n          ".join(question.commands()))
    _end(given, say)


def _letter(ask: Callable[[str], str], say: Callable[[str], None]) -> str | None:
    while True:
        try:
            word = ask("\nA, B, C, D, or q to stop: ").strip().upper()
        except EOFError:
            return None
        if word == "Q":
            return None
        if word in tuple(LETTERS):
            return word
        say(f"{word!r} is none of A, B, C, D and q")


def _end(given: Sequence[tuple[Question, str]], say: Callable[[str], None]) -> None:
    if not given:
        say("\nNothing was answered.")
        return
    right = sum(letter == question.right for question, letter in given)
    say(f"\n{right} of {len(given)} right\n")
    for score in scores(topics(), given):
        read = f"  to read: {score.topic.read}" if score.is_weak else ""
        say(f"  {score.topic.title:30}{score.right:3} of {score.asked:<3}{score.percent:4} %{read}")


def _wrapped(text: str, first: str = "") -> str:
    plain = text.replace("`", "")
    return textwrap.fill(plain, _WIDTH, initial_indent=first, subsequent_indent=" " * len(first))
