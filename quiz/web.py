"""Makes the page: one HTML file without outside assets, which works from a file and without network."""

import html
import json
import re
from pathlib import Path

from quiz.questions import LETTERS, Question, topics
from quiz.scores import PASS_PERCENT

_TEMPLATE = Path(__file__).parent / "page"


def page(root: str) -> str:
    """The page.

    Args:
        root: Where the repository is, as seen from the page: `..` or an address.
    """
    data = {
        "pass": PASS_PERCENT,
        "topics": [
            {
                "title": topic.title,
                "read": topic.read,
                "href": f"{root}/{topic.read}",
                "questions": [_question(question) for question in topic.questions],
            }
            for topic in topics()
        ],
    }
    text = (_TEMPLATE / "page.html").read_text(encoding="utf-8")
    # Inside a script element "</" would end it, whatever it stands in.
    parts = {"data": json.dumps(data, ensure_ascii=False).replace("</", "<\\/")}
    parts |= {name: (_TEMPLATE / f"page.{name}").read_text(encoding="utf-8") for name in ("css", "js")}
    return re.sub(r"/\*\{(data|css|js)\}\*/", lambda found: parts[found[1]], text)


def _question(question: Question) -> dict[str, object]:
    return {
        "id": question.id,
        "scenario": _inline(question.scenario),
        "right": LETTERS.index(question.right),
        "answers": [[_inline(answer.text), _inline(answer.argument)] for answer in question.answers],
        "commands": question.commands(),
        "rows": [_inline(row) for row in question.rows],
    }


def _inline(text: str) -> str:
    """Plain text with backticks as HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
