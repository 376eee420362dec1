"""The quiz's page in a real browser, where one is installed: it is played by keys, as a person would."""

import json
import re

import pytest
from headless import WIDTHS, dom, needs_browser, scroll_widths

from quiz import web
from quiz.questions import questions, topics

pytestmark = needs_browser

# Answers all questions by their letters, the named ones with the wrong one, and notes what the page says to each.
PLAY = """
<script>
const wrong = new Set(%s), said = [];
const press = (key) => (document.activeElement || document.body).dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true }));
const scenarios = new Map(DATA.topics.flatMap((topic) => topic.questions).map((question) => {
  const shown = document.createElement("p");
  shown.innerHTML = question.scenario;
  return [shown.textContent, question];
}));
press("Enter");
for (let n = 0; n < scenarios.size; n += 1) {
  const question = scenarios.get(document.querySelector(".scenario").textContent);
  const right = question.right, chosen = wrong.has(question.id) ? (right + 1) %% 4 : right;
  press(n %% 2 ? "abcd"[chosen] : "1234"[chosen]);
  said.push([question.id, document.querySelector(".verdict").textContent,
             document.querySelectorAll(".argument").length]);
  document.querySelector(".next button").click();
}
document.body.dataset.said = JSON.stringify(said);
</script>
"""


def played(folder, wrong: set[str]) -> tuple[str, dict[str, tuple[str, int]]]:
    """The page after a round over all questions: its document, and what it said to each answer."""
    page = folder / "quiz.html"
    page.write_text(web.page("..").replace("</body>", PLAY % json.dumps(sorted(wrong)) + "</body>"))
    text = dom(page)
    [said] = re.findall(r'data-said="([^"]*)"', text)
    return text, {key: (verdict, shown) for key, verdict, shown in json.loads(said.replace("&quot;", '"'))}


def test_a_round_asks_each_question_once_judges_it_and_argues_all_answers(tmp_path) -> None:
    missed = {questions()[0].id, questions()[-1].id}
    _, said = played(tmp_path, missed)
    assert sorted(said) == sorted(question.id for question in questions())
    for question in questions():
        verdict, shown = said[question.id]
        assert shown == 4
        if question.id in missed:
            assert re.fullmatch(rf"Not [A-D]: {question.right} is right\.", verdict)
        else:
            assert verdict == "Right."


def test_the_end_has_the_score_of_each_topic_and_what_to_read_for_a_weak_one(tmp_path) -> None:
    weak, *others = topics()
    text, _ = played(tmp_path, {question.id for question in weak.questions})
    count, good = len(questions()), len(questions()) - len(weak.questions)
    assert re.search(rf'id="progress"[^>]*>{good} of {count} right<', text)
    assert re.findall(r"<td>(\d+ of \d+)</td>", text) == [
        f"0 of {len(weak.questions)}",
        *(f"{len(topic.questions)} of {len(topic.questions)}" for topic in others),
    ]
    assert re.findall(r'To read: <a href="([^"]*)"', text) == [f"../{weak.read}"]
    assert f"Ask the {len(weak.questions)} missed again" in text


@pytest.mark.parametrize("key", ["", "Enter"])
def test_the_page_fits_every_width(tmp_path, key: str) -> None:
    text = web.page("..")
    if key:  # the first question instead of the start
        begin = f'<script>main.dispatchEvent(new KeyboardEvent("keydown", {{ key: "{key}", bubbles: true }}))</script>'
        text = text.replace("</body>", f"{begin}</body>")
    assert scroll_widths(text, tmp_path) == {width: width for width in WIDTHS}
