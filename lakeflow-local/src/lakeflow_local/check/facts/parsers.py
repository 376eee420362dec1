"""What a program takes on its command line, as its argparse or click declarations say; nothing is executed."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from lakeflow_local.check.facts.calls import Scope, reached


@dataclass
class Option:
    """An option or a positional argument.

    Attributes:
        takes: How many values: 0, 1, another number, `?`, `*`, `+`.
        choices: The allowed texts, where they are known.
        is_number: Whether it takes whole numbers only.
    """

    names: tuple[str, ...]
    is_required: bool
    takes: int | str
    choices: tuple[str, ...] | None = None
    is_number: bool = False


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
                if option.takes in (1, "+") and not values:
                    wrong.append((at, f"{flag} needs a value"))
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
        return wrong + self._missing(given, free)

    def _missing(self, given: set[int], free: list[int]) -> list[tuple[int | None, str]]:
        options = {id(option): option for option in self.options.values()}
        wrong: list[tuple[int | None, str]] = [
            (None, f"{option.names[-1]} is required and not given")
            for key, option in options.items()
            if option.is_required and key not in given
        ]
        least = sum(_least(one.takes) for one in self.positionals if one.is_required)
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


def _least(takes: int | str) -> int:
    return takes if isinstance(takes, int) else 1 if takes == "+" else 0


def _most(takes: int | str) -> float:
    return takes if isinstance(takes, int) else 1 if takes == "?" else float("inf")


def _misfit(option: Option, flag: str, value: str) -> str | None:
    if "{{" in value or "${" in value:
        return None
    if option.choices is not None and value not in option.choices:
        return f"{flag} is one of {', '.join(option.choices)}, and not {value}"
    if option.is_number and not value.strip().lstrip("+-").replace("_", "").isdigit():
        return f"{flag} is a whole number, and not {value}"
    return None


def command_line(scope: Scope, function: ast.FunctionDef | ast.AsyncFunctionDef | None) -> CommandLine | None:
    """What the program that begins in a function, or is a whole file, takes; None where that cannot be read."""
    if function is not None and any("click" in ast.unparse(one) for one in function.decorator_list):
        return _click(function)
    found, parsers, reads = CommandLine(), 0, 0
    for scope_of_part, part in reached(scope, function):
        if any(
            "click." in ast.unparse(one) or "app.command" in ast.unparse(one)
            for one in getattr(part, "decorator_list", ())
        ):
            return None
        maybe = _conditional(part)
        for call in (node for node in ast.walk(part) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            keywords = {keyword.arg: keyword.value for keyword in call.keywords}
            if name.endswith("ArgumentParser") or _is_parser(scope_of_part.class_of(name)):
                parsers += 1
                own = None if name == "ArgumentParser" else scope_of_part.class_of(name)
                if (name != "ArgumentParser" and own is None) or "prefix_chars" in keywords:
                    return None
                if own is not None:
                    if not {"add_argument", "parse_args", "parse_known_args"}.isdisjoint(_names(own)):
                        return None
                    keywords |= _keywords_of_base(own)
                found.abbreviates = _constant(keywords.get("allow_abbrev"), True) is not False
                found.is_open = found.is_open or "parents" in keywords or "fromfile_prefix_chars" in keywords
            elif name == "parse_args":
                reads += 1
                is_given = bool(call.args) or "args" in keywords
                if is_given and "sys.argv" not in ast.unparse(call) and not _is_own_parameter(call, part):
                    return None
            elif name in ("parse_known_args", "add_subparsers", "parse_intermixed_args", "set_defaults"):
                return None
            elif name == "add_argument":
                _add(found, call, keywords, is_certain=id(call) not in maybe)
    return found if parsers == 1 and reads else None


def _is_parser(found: ast.ClassDef | None) -> bool:
    return found is not None and any(ast.unparse(base).endswith("ArgumentParser") for base in found.bases)


def _names(node: ast.AST) -> set[str]:
    """Every name of a function that is defined or called below a node."""
    return {getattr(one, "attr", getattr(one, "name", "")) for one in ast.walk(node)}


def _keywords_of_base(own: ast.ClassDef) -> dict[str | None, ast.expr]:
    """What a parser's class gives to `super().__init__`."""
    calls = [one for one in ast.walk(own) if isinstance(one, ast.Call) and ast.unparse(one.func) == "super().__init__"]
    return {keyword.arg: keyword.value for call in calls for keyword in call.keywords if keyword.arg}


def _is_own_parameter(call: ast.Call, part: ast.AST) -> bool:
    """`def main(argv=None): parse_args(argv)`: nothing given means the command line."""
    given = call.args[0] if call.args else next(iter(call.keywords)).value
    arguments = getattr(part, "args", None)
    if not isinstance(given, ast.Name) or arguments is None:
        return False
    names = [one.arg for one in arguments.args]
    offset = len(names) - len(arguments.defaults)
    return given.id in names[offset:] and _constant(arguments.defaults[names.index(given.id) - offset], 0) is None


def _conditional(part: ast.AST) -> set[int]:
    """The calls that may not be made."""
    return {
        id(inner)
        for node in ast.walk(part)
        if isinstance(node, (ast.If, ast.Try, ast.For, ast.While, ast.IfExp)) and not _is_main(node)
        for inner in ast.walk(node)
    }


def _is_main(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _add(found: CommandLine, call: ast.Call, keywords: dict[str | None, ast.expr], *, is_certain: bool) -> None:
    names = [_constant(argument, None) for argument in call.args]
    if len(call.args) == 1 and isinstance(call.args[0], ast.JoinedStr):
        parts = [re.escape(str(one.value)) if isinstance(one, ast.Constant) else ".+" for one in call.args[0].values]
        found.patterns.append("".join(parts))
        return
    if not names or not all(isinstance(arg, ast.Constant) for arg in call.args) or None in keywords:
        found.is_open = True
        return
    action = _constant(keywords.get("action"), "store")
    takes = _constant(keywords.get("nargs"), 1)
    if action != "store" and action != "append" and action != "extend":
        takes = 0
    takes = takes if isinstance(takes, int) or takes in ("?", "*", "+") else "*"
    if action is None or not isinstance(action, str) or "BooleanOptionalAction" in action:
        found.is_open, takes = True, "?"
    is_flag = names[0].startswith("-")
    required = _constant(keywords.get("required"), False) is True if is_flag else _least(takes) > 0
    kind = keywords.get("type")
    option = Option(
        tuple(names),
        required and is_certain,
        takes,
        _choices(keywords.get("choices"), kind),
        isinstance(kind, ast.Name) and kind.id == "int",
    )
    if is_flag:
        found.options |= dict.fromkeys(names, option)
    else:
        found.positionals.append(option)
        found.is_open = found.is_open or not is_certain


def _choices(node: ast.expr | None, kind: ast.expr | None) -> tuple[str, ...] | None:
    try:
        values = ast.literal_eval(node) if node is not None and kind is None else None
    except (ValueError, TypeError):
        return None
    return (
        tuple(values)
        if isinstance(values, (list, tuple, set)) and all(isinstance(one, str) for one in values)
        else None
    )


def _click(function: ast.FunctionDef | ast.AsyncFunctionDef) -> CommandLine | None:
    found = CommandLine(abbreviates=False)
    calls = [(one, ast.unparse(one.func if isinstance(one, ast.Call) else one)) for one in function.decorator_list]
    if not any(name.endswith("command") for _, name in calls) or any("group" in name for _, name in calls):
        return None
    for call, name in calls:
        if name.endswith("command"):
            found.is_open = isinstance(call, ast.Call) and any(one.arg == "context_settings" for one in call.keywords)
            continue
        if name not in ("click.option", "click.argument", "option", "argument") or not isinstance(call, ast.Call):
            found.is_open = True
            continue
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        names = [_constant(argument, None) for argument in call.args]
        if not names or not all(isinstance(one, str) for one in names):
            found.is_open = True
            continue
        has_default = "default" in keywords or "envvar" in keywords
        if name.endswith("option"):
            flags = [flag for one in names if one.startswith("-") for flag in one.split("/")]
            is_flag = _constant(keywords.get("is_flag"), False) is True or any("/" in one for one in names)
            takes = 0 if is_flag or "count" in keywords else _constant(keywords.get("nargs"), 1)
            required = _constant(keywords.get("required"), False) is True and not has_default
            option = Option(tuple(flags), required, takes if isinstance(takes, int) else "*")
            found.options |= dict.fromkeys(flags, option)
        else:
            takes = _constant(keywords.get("nargs"), 1)
            required = _constant(keywords.get("required"), takes != -1) is True and not has_default
            found.positionals.append(
                Option(tuple(names), required, takes if isinstance(takes, int) and takes > 0 else "*")
            )
    return found


def _constant(node: ast.expr | None, default: Any) -> Any:
    if node is None:
        return default
    return node.value if isinstance(node, ast.Constant) else ast.unparse(node)
