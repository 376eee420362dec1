"""The page of a rule, and of all: what `--explain` prints and `docs/rules.md` holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from lakeflow_local.check.facts.shapes_of_secrets import masked
from lakeflow_local.check.rule import FAMILIES, Rule

_BASIS = {
    "documented": "Documented",
    "measured": "Measured",
    "policy": "Policy of this project",
}
_LANGUAGE = {"yml": "yaml", "yaml": "yaml", "py": "python", "sql": "sql", "json": "json", "toml": "toml"}


def pages(rules: Iterable[Rule]) -> str:
    """All rules, family by family, as Markdown."""
    rules = list(rules)
    errors = sum(rule.severity == "error" for rule in rules)
    lines = [
        "# Rules of `lakeflow-local check`",
        "",
        "Made from the rules themselves by `lakeflow-local check --explain all`; a test holds it to them. "
        f"{len(rules)} rules: {errors} of them are errors, the others warnings.",
        "",
        "| rule | finds | severity | basis |",
        "|---|---|---|---|",
    ]
    for rule in rules:
        lines.append(f"| [`{rule.id}`](#{rule.id}) | {_first(rule)} | {rule.severity} | {rule.basis} |")
    for family, title in FAMILIES.items():
        lines += ["", f"## {title}"]
        for rule in rules:
            if rule.family == family:
                lines += ["", *_lines(rule)]
    return "\n".join(lines)


def page(rule: Rule) -> str:
    """One rule as Markdown."""
    return "\n".join(_lines(rule))


def _lines(rule: Rule) -> Iterator[str]:
    yield f"### {rule.id}"
    yield ""
    spark = ", needs --with-spark" if rule.needs_spark else ""
    yield f"*{rule.severity}, {FAMILIES[rule.family].lower()}{spark}.* {_first(rule)}"
    yield ""
    yield f"- What happens: {rule.reason}"
    yield f"- {_BASIS[rule.basis]}: {rule.fact}"
    yield f"- What to do: {rule.fix}"
    if rule.drill is not None:
        yield f"- In figures: `make drill NAME={rule.drill.removeprefix('drills/').strip('/')}`"
    yield ""
    yield from _example("Found:", rule.bad, rule.good)
    yield ""
    yield from _example("Not found:", rule.good, rule.bad)


def _first(rule: Rule) -> str:
    """The first line of the function's docstring: what is true where there is no finding."""
    return re.sub(r"\s+", " ", (rule.check.__doc__ or "").strip().split("\n\n")[0])


def _example(title: str, files: Mapping[str, str], other: Mapping[str, str]) -> Iterator[str]:
    """The files in which the two examples differ; those that they share say nothing."""
    yield title
    for name, text in files.items():
        if other.get(name) != text:
            yield ""
            yield f"```{_LANGUAGE.get(name.rpartition('.')[2], '')}"
            yield f"{'--' if name.endswith('.sql') else '#'} {name}"
            yield masked(text.strip("\n"))
            yield "```"
