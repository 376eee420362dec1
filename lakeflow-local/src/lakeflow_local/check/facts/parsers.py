"""The argparse and click declarations of a program; nothing is executed."""

from __future__ import annotations

import ast
import re
from typing import Any

from lakeflow_local.check.facts.calls import Scope, called, reached
from lakeflow_local.check.facts.command_lines import CommandLine, Option, least_of


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
        found.is_open = found.is_open or _is_handed_on(scope_of_part, part)
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


def _is_handed_on(scope: Scope, part: ast.AST) -> bool:
    """Whether a parser is an argument of a function that is not followed, and may give it more options."""
    parsers = {
        target.id
        for node in ast.walk(part)
        if isinstance(node, ast.Assign) and re.search(r"ArgumentParser|add_argument_group", ast.unparse(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    parsers |= {one.arg for one in getattr(getattr(part, "args", None), "args", ()) if "parser" in one.arg}
    return any(
        isinstance(node, ast.Call)
        and any(
            isinstance(one, ast.Name) and one.id in parsers for one in [*node.args, *(k.value for k in node.keywords)]
        )
        and called(scope, node.func) is None
        for node in ast.walk(part)
    )


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
    found.is_open = found.is_open or "REMAINDER" in str(takes) or takes == "..."  # all that follows, options as well
    takes = takes if isinstance(takes, int) or takes in ("?", "*", "+") else "*"
    if action is None or not isinstance(action, str) or "BooleanOptionalAction" in action:
        found.is_open, takes = True, "?"
    is_flag = names[0].startswith("-")
    required = _constant(keywords.get("required"), False) is True if is_flag else least_of(takes) > 0
    kind = keywords.get("type")
    option = Option(
        tuple(names),
        required and is_certain,
        takes,
        _choices(keywords.get("choices"), kind),
        _number(kind),
    )
    if is_flag:
        found.options |= dict.fromkeys(names, option)
    else:
        found.positionals.append(option)
        found.is_open = found.is_open or not is_certain


def _number(kind: ast.expr | None) -> str:
    return kind.id if isinstance(kind, ast.Name) and kind.id in ("int", "float") else ""


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
        kind = keywords.get("type")
        has_default = "default" in keywords or "envvar" in keywords
        if name.endswith("option"):
            flags = [flag for one in names if one.startswith("-") for flag in one.split("/")]
            is_flag = _constant(keywords.get("is_flag"), "flag_value" in keywords) is True
            is_flag = is_flag or any("/" in one for one in names)
            takes = 0 if is_flag or "count" in keywords else _constant(keywords.get("nargs"), 1)
            required = _constant(keywords.get("required"), False) is True and not has_default
            takes = "?" if "flag_value" in keywords and takes == 1 else takes if isinstance(takes, int) else "*"
            option = Option(tuple(flags), required, takes, _click_choices(kind), _number(kind))
            found.options |= dict.fromkeys(flags, option)
        else:
            takes = _constant(keywords.get("nargs"), 1)
            required = _constant(keywords.get("required"), takes != -1) is True and not has_default
            found.positionals.append(
                Option(
                    tuple(names),
                    required,
                    takes if isinstance(takes, int) and takes > 0 else "*",
                    _click_choices(kind),
                    _number(kind),
                )
            )
    return found


def _click_choices(kind: ast.expr | None) -> tuple[str, ...] | None:
    """The texts of `click.Choice([…])` that are told apart by case."""
    is_choice = isinstance(kind, ast.Call) and ast.unparse(kind.func).endswith("Choice")
    return _choices(kind.args[0], None) if is_choice and len(kind.args) == 1 and not kind.keywords else None


def _constant(node: ast.expr | None, default: Any) -> Any:
    if node is None:
        return default
    return node.value if isinstance(node, ast.Constant) else ast.unparse(node)
