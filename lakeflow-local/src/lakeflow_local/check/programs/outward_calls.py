"""Calls by which code acts on the world outside: a request that changes something, an e-mail, a payment, a ticket.

Read from the syntax, so a call that is made through something else is not seen. A request whose address says that it
only asks (a token, a search, a model's answer) is no act.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from lakeflow_local.check.datasets.outside import ASKS
from lakeflow_local.check.programs.program import BundleCode, Entry
from lakeflow_local.check.programs.reaching import reached
from lakeflow_local.check.programs.syntax import Module, dotted, first_text

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
    r"(?:^|_)(create|send|post|publish|charge|re_?fund|capture|transfer|pay|pay_?out|trigger|notify|alert|enqueue|add_comment|transition)"
    r"(?:_|$)|^sendmail$|postMessage"
)
_BOTO_ACTS = {"send_email", "send_raw_email", "send_templated_email", "publish", "start_execution"}


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


def outward_calls(code: BundleCode, entry: Entry) -> list[OutwardCall]:
    """The calls that a task may make, those of its own file first."""
    if ("calls", entry) not in code.memo:
        code.memo["calls", entry] = _outward_calls(code, entry)
    calls: list[OutwardCall] = code.memo["calls", entry]
    return calls


def _outward_calls(code: BundleCode, entry: Entry) -> list[OutwardCall]:
    suspects = [one for one in code.program(entry.module) if _is_suspect(one)]
    if not suspects:
        return []
    found = {
        (scope.module.file, node.lineno): OutwardCall(scope.module, node.lineno, says)
        for scope in reached(code, entry)
        if scope.module in suspects
        for node in scope.nodes
        if isinstance(node, ast.Call) and (says := _act(node, scope.module))
    }
    return sorted(found.values(), key=lambda one: (one.module is not entry.module, str(one.module.file), one.line))


def _is_suspect(module: Module) -> bool:
    """Whether it imports anything by which it could act."""
    packages = {full.partition(".")[0] for full in module.imported.values()}
    return not packages.isdisjoint({*_HTTP, *_ACTING, "urllib", "smtplib", "boto3"})


def _act(call: ast.Call, module: Module) -> str:
    """What a call does to the world; "" if nothing that is known."""
    spoken = dotted(call.func)
    owner, _, last = spoken.rpartition(".")
    full = module.full_name(call.func)
    maker = module.made.get(owner.rpartition(".")[2])
    origin = module.full_name(maker.func) if maker is not None else ""
    packages = {full.partition(".")[0], origin.partition(".")[0]} - {""}
    if not packages or _asks(call, module):
        return ""
    if not packages.isdisjoint(_HTTP) and (not origin or origin.rpartition(".")[2] in _CLIENTS):
        method = first_text(call) if last == "request" else last
        return f"{spoken} (an HTTP {method.upper()})" if method.lower() in _CHANGES else ""
    if full in ("urllib.request.urlopen", "urllib.request.Request") and any(k.arg == "data" for k in call.keywords):
        return f"{spoken} (an HTTP POST)"
    if full in ("smtplib.SMTP", "smtplib.SMTP_SSL"):
        return f"{spoken} (an e-mail)"
    if "boto3" in packages:
        return f"{spoken} (a message)" if last in _BOTO_ACTS else ""
    acting = next((_ACTING[package] for package in sorted(packages) if package in _ACTING), None)
    return f"{spoken} ({acting})" if acting is not None and _ACTS.search(last) else ""


def _asks(call: ast.Call, module: Module) -> bool:
    """Whether the address says that nothing changes there: in its own text, or in a constant that it names."""
    values = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in ("url", None))]
    for value in values[:2]:
        for node in ast.walk(value):
            if isinstance(node, ast.Constant):
                texts = [str(node.value)]
            elif isinstance(node, (ast.Name, ast.Attribute)):
                name = dotted(node).rpartition(".")[2]
                texts = [name]
                known = module.texts.get(name, [])
                if known and all(_text_asks(text, module) for text in known):
                    return True
            else:
                continue
            if any(ASKS.search(text) for text in texts):
                return True
    return False


def _text_asks(text: str, module: Module) -> bool:
    """Whether an address says so, or whatever stands in one of its gaps."""
    gaps = [module.texts.get(name, []) for name in re.findall(r"\{(\w+)\}", text)]
    return any(texts and all(ASKS.search(one) for one in texts) for texts in ([text], *gaps))
