"""Makes docs/quiz.md from the questions."""

from quiz.questions import LETTERS, Question, Topic, topics

_HEAD = """# Quiz

Forty scenarios over the rows of the [guide](guide.md). Each has one right answer; each answer argues why the others are
wrong, and names what can be run here to see it. `make quiz` asks them on a page that needs no network,
`make quiz TERMINAL=1` in the terminal; both score by topic and name what to read. This page is made from
`quiz/questions/` by `python -m quiz --markdown`.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_topic(topic) for topic in topics())])


def _topic(topic: Topic) -> str:
    read = topic.read.removeprefix("docs/")
    head = f"## {topic.title}\n\nTo read: [{read.partition('#')[0]}]({read}).\n"
    return "\n".join([head, *(_question(question) for question in topic.questions)])


def _question(question: Question) -> str:
    lines = [f"### Question {question.number}", "", question.scenario, ""]
    for letter, answer in zip(LETTERS, question.answers, strict=True):
        lines.append(f"- **{letter}.** {answer.text}")
    lines += ["", "<details><summary>Answer</summary>", ""]
    for letter, answer in sorted(zip(LETTERS, question.answers, strict=True), key=lambda pair: not pair[1].is_right):
        lines.append(f"- **{letter}{' is right' if answer.is_right else ''}.** {answer.argument}")
    lines += ["", f"Rows of the guide: {' · '.join(question.rows)}", "", f"Evidence: {_evidence(question)}", ""]
    return "\n".join([*lines, "</details>", ""])


def _evidence(question: Question) -> str:
    found = []
    if question.evidence.drill:
        name = question.evidence.drill
        found.append(f"drill [{name}](../drills/{name}/README.md) (`make drill NAME={name}`)")
    if question.evidence.simulated:
        found.append(f"a simulated job (`make quiz EVIDENCE={question.id}`)")
    for test in question.evidence.tests:
        path, _, name = test.partition("::")
        found.append(f"[{path.rpartition('/')[2]}](../{path})" + (f" `{name}`" if name else ""))
    return "; ".join(found)
