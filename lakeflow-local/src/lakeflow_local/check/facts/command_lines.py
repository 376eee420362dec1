"""What a program takes on its command line, and what is wrong with one that is given."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches


@dataclass
class Option:
    """An option or a positional argument.

    Attributes:
        takes: How many values: 0, 1, another number, `?`, `*`, `+`.
        choices: The allowed texts, where they are known.
        number: `int` or `float` where it takes numbers only.
    """

    names: tuple[str, ...]
    is_required: bool
    takes: int | str
    choices: tuple[str, ...] | None = None
    number: str = ""


@dataclass
class CommandLine:
    """All of a program.

    Attributes:
        options: Flag -> its option.
        is_open: Whether there may be options that cannot be read here.
        abbreviates: Whether a beginning of a flag is enough.
        patterns: Regular expressions of flags that are put together: `f"--minimum_{currency}"`.
    """

    options: dict[str, Option] = field(default_factory=dict)
    positionals: list[Option] = field(default_factory=list)
    is_open: bool = False
    abbreviates: bool = True
    patterns: list[str] = field(default_factory=list)

    def problems(self, arguments: list[str]) -> list[tuple[int | None, str]]:
        """What is wrong with a command line: the position of the argument or None, and a sentence."""
        wrong: list[tuple[int | None, str]] = []
        given: set[int] = set()
        unknown: dict[str, int] = {}
        free: list[int] = []
        at = 0
        while at < len(arguments):
            text = arguments[at]
            if re.match(r"--$|-[^-0-9.]", text) and text not in self.options:
                return []  # several short options in one, or an end of options: not followed
            if text.startswith("-") and not _is_number(text):
                flag, sign, value = text.partition("=")
                option = self._option(flag)
                if option is None:
                    if not self.is_open and not any(re.fullmatch(pattern, flag) for pattern in self.patterns):
                        unknown[flag] = at
                    if not sign and at + 1 < len(arguments) and not arguments[at + 1].startswith("-"):
                        at += 1
                    at += 1
                    continue
                given.add(id(option))
                values = [value] if sign else []
                while not sign and len(values) < _most(option.takes) and at + 1 < len(arguments):
                    if arguments[at + 1].startswith("--"):
                        break
                    at += 1
                    values.append(arguments[at])
                if len(values) < (least := least_of(option.takes)):
                    wrong.append((at, f"{flag} needs {'a value' if least == 1 else f'{least} values'}"))
                if sign and option.takes == 0:
                    wrong.append((at, f"{flag} takes no value"))
                wrong += [(at, problem) for value in values if (problem := _misfit(option, flag, value))]
            else:
                free.append(at)
            at += 1
        for flag, where in unknown.items():
            near = get_close_matches(flag, [name for name in self.options if name.startswith("--")], 1)
            meant = self.options[near[0]] if near and id(self.options[near[0]]) not in given else None
            advice = f"; did you mean {near[0]}?" if meant is not None else ""
            wrong.append((where, f"the program has no option {flag}{advice}"))
            given |= {id(meant)}
        for option, where in zip(self.positionals, free, strict=False):
            if option.takes != 1 or self.is_open:
                break
            if problem := _misfit(option, option.names[0], arguments[where]):
                wrong.append((where, problem))
        return wrong + self._missing(given, free)

    def _missing(self, given: set[int], free: list[int]) -> list[tuple[int | None, str]]:
        options = {id(option): option for option in self.options.values()}
        wrong: list[tuple[int | None, str]] = [
            (None, f"{option.names[-1]} is required and not given")
            for key, option in options.items()
            if option.is_required and key not in given
        ]
        least = sum(least_of(one.takes) for one in self.positionals if one.is_required)
        if len(free) < least:
            wrong.append((None, f"{least} arguments without a name are required, and {len(free)} given"))
        most = sum(_most(one.takes) for one in self.positionals)
        if len(free) > most and not self.is_open:
            wrong.append((free[int(most)], "the program takes no more arguments without a name"))
        return wrong

    def _option(self, flag: str) -> Option | None:
        if flag in self.options:
            return self.options[flag]
        near = {id(option): option for name, option in self.options.items() if name.startswith(flag)}
        return next(iter(near.values())) if self.abbreviates and flag.startswith("--") and near else None


def _is_number(text: str) -> bool:
    return text[1:].replace(".", "", 1).isdigit()


def least_of(takes: int | str) -> int:
    return takes if isinstance(takes, int) else 1 if takes == "+" else 0


def _most(takes: int | str) -> float:
    return takes if isinstance(takes, int) else 1 if takes == "?" else float("inf")


def _misfit(option: Option, flag: str, value: str) -> str | None:
    if "{{" in value or "${" in value:
        return None
    if option.choices is not None and value not in option.choices:
        return f"{flag} is one of {', '.join(option.choices)}, and not {value}"
    try:
        {"int": int, "float": float}.get(option.number, str)(value)
    except ValueError:
        return f"{flag} is a {'whole ' if option.number == 'int' else ''}number, and not {value}"
    return None
