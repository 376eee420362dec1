"""Calls by which code acts on the world outside: a request that changes something, an e-mail, a payment, a ticket.

Read from the syntax, so a call that is made through something else is not seen. A request whose address says that it
only asks (a token, a search, a model's answer) is no act.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lakeflow_local.check.semantics.reaching import Scope, dotted, nodes_of, reached
from lakeflow_local.check.semantics.sources import Entry, Module, Sources

_HTTP = ("requests", "httpx", "aiohttp", "urllib3")
_CLIENTS = ("Session", "Client", "AsyncClient", "ClientSession", "PoolManager", "OAuth2Session", "session")
_CHANGES = ("post", "put", "patch", "delete")
# Clients of services whose purpose is to act on somebody.
_ACTING = {
    "stripe": "a payment",
    "braintree": "a payment",
    "paypalrestsdk": "a payment",
    "Adyen": "a payment",
    "twilio": "a message",
    "sendgrid": "an e-mail",
    "mailchimp_transactional": "an e-mail",
    "postmarker": "an e-mail",
    "slack_sdk": "a message",
    "slack": "a message",
    "pymsteams": "a message",
    "telegram": "a message",
    "pdpyras": "an alarm",
    "opsgenie_sdk": "an alarm",
    "jira": "a ticket",
    "pysnow": "a ticket",
    "zenpy": "a ticket",
}
_ACTS = re.compile(
    r"(?:^|_)(create|send|post|publish|charge|refund|capture|transfer|pay|payout|trigger|notify|alert|enqueue|add_comment|transition)"
    r"(?:_|$)|^(sendmail|postMessage|Webhook)$"
)
_BOTO_ACTS = {"send_email", "send_raw_email", "send_templated_email", "publish", "start_execution"}
_ASKS = re.compile(
    r"token|oauth|login|auth\b|authenticate|graphql|search|query|queries|statements|invocations|completions|embeddings|"
    r"predict|serving-endpoints|/api/2\.\d/|get-|list-",
    re.I,
)


@dataclass(frozen=True)
class OutwardCall:
    """One call.

    Attributes:
        module: Where it stands.
        line: In that module.
        says: What it does, for people: `requests.post (an HTTP POST)`.
    """

    module: Module
    line: int
    says: str


def outward_calls(sources: Sources, entry: Entry) -> list[OutwardCall]:
    """The calls that a task may make, those of its own file first."""
    found = [call for scope in reached(sources, entry) for call in _calls(scope)]
    return sorted(found, key=lambda call: (call.module is not entry.module, str(call.module.file), call.line))


def _calls(scope: Scope) -> Iterator[OutwardCall]:
    imported = _imports(scope.module)
    made = _made(scope.module, imported)
    for node in nodes_of(scope):
        if isinstance(node, ast.Call) and (says := _act(node, imported, made)):
            yield OutwardCall(scope.module, node.lineno, says)


def _imports(module: Module) -> dict[str, str]:
    """Name in a module -> what it stands for: `requests`, `requests.post`, `smtplib.SMTP`."""
    found: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _made(module: Module, imported: dict[str, str]) -> dict[str, str]:
    """Variable or attribute (its last name) -> what made it: `self._client = httpx.Client()` gives _client."""
    found: dict[str, str] = {}
    for node in ast.walk(module.tree):
        pairs: list[tuple[ast.expr, ast.expr]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            pairs = [(node.target, node.value)]
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            pairs = [(one.optional_vars, one.context_expr) for one in node.items if one.optional_vars is not None]
        for target, value in pairs:
            name = dotted(target).rpartition(".")[2]
            if name and isinstance(value, ast.Call) and (full := _full(value.func, imported)):
                found[name] = full if not full.endswith("boto3.client") else f"boto3.client.{_first_text(value)}"
    return found


def _full(node: ast.AST, imported: dict[str, str]) -> str:
    """The dotted name of a function, with its first part as it was imported; "" if that was not."""
    first, _, rest = dotted(node).partition(".")
    base = imported.get(first)
    return "" if base is None else f"{base}.{rest}" if rest else base


def _act(call: ast.Call, imported: dict[str, str], made: dict[str, str]) -> str:
    """What a call does to the world; "" if nothing that is known."""
    full = _full(call.func, imported)
    package, last = full.partition(".")[0], dotted(call.func).rpartition(".")[2]
    owner = dotted(call.func).rpartition(".")[0].rpartition(".")[2]
    origin = made.get(owner, "")
    source = origin.partition(".")[0]
    spoken = dotted(call.func)
    if _asks(call):
        return ""
    if (package in _HTTP or (source in _HTTP and origin.rpartition(".")[2] in _CLIENTS)) and last in _CHANGES:
        return f"{spoken} (an HTTP {last.upper()})"
    if (package in _HTTP or source in _HTTP) and last == "request" and _first_text(call).lower() in _CHANGES:
        return f"{spoken} (an HTTP {_first_text(call).upper()})"
    if full in ("urllib.request.urlopen", "urllib.request.Request") and any(k.arg == "data" for k in call.keywords):
        return f"{spoken} (an HTTP POST)"
    if full in ("smtplib.SMTP", "smtplib.SMTP_SSL"):
        return f"{spoken} (an e-mail)"
    if source == "boto3" and last in _BOTO_ACTS:
        return f"{spoken} (a message)"
    acting = _ACTING.get(package) or _ACTING.get(source)
    if acting is not None and _ACTS.search(last):
        return f"{spoken} ({acting})"
    return ""


def _asks(call: ast.Call) -> bool:
    values = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in ("url", None))]
    for value in values[:2]:
        for node in ast.walk(value):
            text = node.value if isinstance(node, ast.Constant) else node.id if isinstance(node, ast.Name) else ""
            text = node.attr if isinstance(node, ast.Attribute) else text
            if isinstance(text, str) and _ASKS.search(text):
                return True
    return False


def _first_text(call: ast.Call) -> str:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
