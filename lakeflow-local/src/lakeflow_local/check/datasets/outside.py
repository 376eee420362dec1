"""Calls by which Python code changes the world outside: requests, mail, files, commands, other notebooks."""

from __future__ import annotations

import ast
import re

from lakeflow_local.check.datasets.frames import Scope
from lakeflow_local.check.evaluation.values import name_of

_SENDS = re.compile(
    r"(requests|httpx)(\.(Session|Client)\(\))?\.(post|put|patch|delete)"
    r"|smtplib\.SMTP(_SSL)?"
    r"|subprocess\.(run|call|check_call|check_output|Popen)|os\.(system|popen)"
    r"|os\.(remove|unlink|rename|replace|rmdir|removedirs)|shutil\.(rmtree|move|copy|copy2|copyfile|copytree)"
    r"|dbutils\.fs\.(rm|put|mv|cp|mkdirs)|dbutils\.notebook\.run"
    r"|slack_sdk\.\w*\(\)\.\w+|twilio\..*\(\)\.messages\.create"
)
# An address that says that nothing changes there.
ASKS = re.compile(
    r"token|oauth|login|auth\b|authenticate|graphql|search|query|queries|statements|invocations|completions|embeddings|"
    r"predict|serving-endpoints|/api/2\.\d/|get-|list-|openai|anthropic|groq|huggingface|generateContent|generativelanguage|"
    r"texttospeech|synthesize|speech|transcri|translat",
    re.I,
)
_MAKES = ("Session", "Client", "WebClient", "SMTP", "SMTP_SSL")
_METHODS = ("POST", "PUT", "PATCH", "DELETE")
_WRITES = re.compile(r"[wax]")


def effect(node: ast.Call, scope: Scope) -> str | None:
    """What the call does outside, as a reader knows it; None if nothing is known of it."""
    name = _called(node.func, scope)
    is_request = name.startswith(("requests.", "httpx."))
    if is_request and any(ASKS.search(ast.unparse(one)) for one in [*node.args[:2], _keyword(node, "url")] if one):
        return None
    if _SENDS.fullmatch(name):
        return name
    if name in ("requests.request", "httpx.request") and node.args and _constant(node.args[0]).upper() in _METHODS:
        return f"{name}({_constant(node.args[0]).upper()})"
    if name == "open" and "open" not in scope.module.bound:
        mode = node.args[1] if len(node.args) > 1 else _keyword(node, "mode")
        if mode is not None and _WRITES.search(_constant(mode)):
            return f"open(…, '{_constant(mode)}')"
    is_written = isinstance(node.func, ast.Attribute) and node.func.attr in ("write_text", "write_bytes")
    if is_written and "pathlib.Path" in _called(node.func.value, scope):
        return f"Path.{node.func.attr}"
    return None


def _called(node: ast.AST, scope: Scope) -> str:
    """The dotted name of what is called, seen through a local variable that holds a client."""
    if isinstance(node, ast.Call):
        inner = _called(node.func, scope)
        return f"{inner}()" if inner else ""
    if isinstance(node, ast.Attribute):
        before = _called(node.value, scope)
        return f"{before}.{node.attr}" if before else ""
    if isinstance(node, ast.Name):
        values = scope.assigned.get(node.id) or []
        if not values and (bound := scope.module.bound.get(node.id)) and isinstance(bound[0], ast.Assign):
            values = [bound[0].value]
        if len(values) == 1 and isinstance(values[0], ast.Call) and name_of(values[0].func).endswith(_MAKES):
            return _called(values[0], Scope(scope.module))
        return scope.module.dotted(node)
    return ""


def _constant(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((one.value for one in node.keywords if one.arg == name), None)
