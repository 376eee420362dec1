"""Renders the template as `databricks bundle init` does, without it: the few constructs of Go templates that it uses.

They are `{{.answer}}`, a raw string in backquotes, `if eq … else … end`, `template`, `define`, `fail`, and the dashes
that eat blanks. Anything else is an error, so that the template stays as simple as this file.
"""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TAG = re.compile(r"(?P<before>\s*)\{\{(?P<left>- )?(?P<action>`[^`]*`|.*?)(?P<right> -)?\}\}(?P<after>\s*)", re.DOTALL)
WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')


class TemplateError(Exception):
    """The template cannot be rendered: a construct that it should not use, or answers that it refuses."""


@dataclass(frozen=True)
class Token:
    """A piece of text, or the words of an action."""

    text: str = ""
    words: tuple[str, ...] = ()


def tokens(source: str) -> Iterator[Token]:
    """Splits a template, and trims as `{{-` and `-}}` say."""
    place, eat = 0, False
    while match := TAG.search(source, place):
        text = source[place : match.start()] + ("" if match["left"] else match["before"])
        yield Token(text=text.lstrip() if eat else text)
        action, eat = match["action"], match["right"] is not None
        if action.startswith("`"):
            yield Token(text=action.strip("`"))
        else:
            yield Token(words=tuple(WORD.findall(action)))
        place = match.end() - len(match["after"])
    yield Token(text=source[place:].lstrip() if eat else source[place:])


class Renderer:
    """Templates by name (those that a library defines), and the answers."""

    def __init__(self, answers: Mapping[str, str], library: str = "") -> None:
        self._answers = answers
        self._named: dict[str, list[Token]] = {}
        if self._run(list(tokens(library))).strip():
            raise TemplateError("a library holds definitions only")

    def render(self, source: str) -> str:
        """The text of a template.

        Raises:
            TemplateError: an unknown construct or answer, or a `fail`.
        """
        return self._run(list(tokens(source)))

    def _run(self, source: list[Token]) -> str:
        written: list[str] = []
        while source:
            token = source.pop(0)
            if not token.words:
                written.append(token.text)
                continue
            match token.words:
                case ("if", *condition):
                    yes, no = self._branches(source)
                    written.append(self._run(yes if self._holds(condition) else no))
                case ("define", name):
                    self._named[json.loads(name)], _ = self._branches(source)
                case ("template", name, "."):
                    written.append(self._run(list(self._named[json.loads(name)])))
                case ("fail", text, *values):
                    quoted = [f'"{self._value(value)}"' for value in values]
                    raise TemplateError(json.loads(text).replace("%q", "{}").format(*quoted))
                case (name,) if name.startswith("."):
                    written.append(self._value(name))
                case other:
                    raise TemplateError(f"a construct that the template should not use: {{{{{' '.join(other)}}}}}")
        return "".join(written)

    def _branches(self, source: list[Token]) -> tuple[list[Token], list[Token]]:
        """Takes the tokens up to the matching `end`: those before and those behind `else`."""
        branches: tuple[list[Token], list[Token]] = ([], [])
        depth, behind_else = 0, 0
        while source:
            token = source.pop(0)
            word = token.words[0] if token.words else ""
            if word == "end" and not depth:
                return branches
            if word == "else" and not depth:
                behind_else = 1
                continue
            depth += {"if": 1, "define": 1, "end": -1}.get(word, 0)
            branches[behind_else].append(token)
        raise TemplateError("an `end` is missing")

    def _holds(self, condition: list[str]) -> bool:
        match condition:
            case ["eq", left, right]:
                return self._value(left) == self._value(right)
        raise TemplateError(f"a condition that the template should not use: {' '.join(condition)}")

    def _value(self, word: str) -> str:
        if word.startswith("."):
            if word[1:] not in self._answers:
                raise TemplateError(f"nobody asks for {word[1:]}")
            return self._answers[word[1:]]
        return json.loads(word)


def defaults(template: Path) -> dict[str, str]:
    """What the template takes for an answer that is not given."""
    schema = json.loads((template / "databricks_template_schema.json").read_text(encoding="utf-8"))
    return {name: asked["default"] for name, asked in schema["properties"].items()}


def render_template(template: Path, answers: Mapping[str, str], target: Path) -> Path:
    """Renders the template folder into `target`; the rest of the answers are the defaults.

    Returns:
        The folder of the new project.
    """
    answers = defaults(template) | dict(answers)
    library = "".join(path.read_text(encoding="utf-8") for path in sorted((template / "library").glob("*.tmpl")))
    renderer = Renderer(answers, library)
    source = template / "template"
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        made = target / renderer.render(path.relative_to(source).as_posix()).removesuffix(".tmpl")
        made.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".tmpl":
            made.write_text(renderer.render(path.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            shutil.copy(path, made)
    return target / answers["project_name"]
