"""`python -m quiz`: the quiz as a page, or in the terminal. Run from the root of the repository."""

import argparse
import os
import random
import subprocess
import sys
import webbrowser

from quiz import markdown, web
from quiz.questions import ROOT, TOPICS, questions
from quiz.terminal import play

PAGE = ROOT / ".lakeflow" / "quiz.html"
MARKDOWN = ROOT / "docs" / "quiz.md"


def main() -> int:
    """Writes the page and opens it where there is a screen; or asks, or writes docs/quiz.md, or runs evidence."""
    parser = argparse.ArgumentParser(prog="python -m quiz", description="Forty scenario questions over docs/guide.md.")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--terminal", action="store_true", help="ask here")
    how.add_argument("--markdown", action="store_true", help="write docs/quiz.md anew")
    how.add_argument("--evidence", metavar="QUESTION", help="run the simulated job of a question")
    parser.add_argument("--topic", choices=TOPICS, help="in the terminal: the questions of this topic only")
    parser.add_argument("--in-order", action="store_true", help="in the terminal: as docs/quiz.md has them")
    chosen = parser.parse_args()
    if chosen.markdown:
        MARKDOWN.write_text(markdown.page(), encoding="utf-8")
        print(f"wrote {MARKDOWN.relative_to(ROOT)}")
    elif chosen.evidence:
        return _run_evidence(parser, chosen.evidence)
    elif chosen.terminal:
        asked = [question for question in questions() if chosen.topic in (None, question.topic)]
        if not chosen.in_order:
            random.shuffle(asked)
        play(asked)
    else:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(web.page(".."), encoding="utf-8")
        print(f"wrote {PAGE.relative_to(ROOT)}: {PAGE.as_uri()}")
        if sys.platform in ("darwin", "win32") or os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY"}:
            webbrowser.open(PAGE.as_uri())
    return 0


def _run_evidence(parser: argparse.ArgumentParser, name: str) -> int:
    known = [question.id for question in questions() if question.evidence.simulated]
    if name not in known:
        parser.error(f"no simulated job for {name!r}; there are {', '.join(known)}")
    test = f"tests/quiz/test_evidence.py::test_a_simulated_job_ends_as_the_answer_says[{name}]"
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-s", test], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
