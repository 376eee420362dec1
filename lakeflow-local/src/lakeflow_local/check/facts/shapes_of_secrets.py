"""What a secret looks like: tokens of well-known shape, and values under keys that name one."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache

_HEX, _WORD = "[0-9a-f]", "[A-Za-z0-9]"
_SHAPES = {
    "a Databricks access token": rf"\bdapi{_HEX}{{32}}(?:-\d)?\b",
    "a Databricks OAuth secret": rf"\bdose{_HEX}{{32}}\b",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": rf"\b(?:gh[pousr]_{_WORD}{{36,}}|github_pat_[A-Za-z0-9_]{{60,}})\b",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,}\b",
    "a Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{20,}\b",
    "a Slack webhook": rf"https://hooks\.slack\.com/services/{_WORD}{{8,}}/{_WORD}{{8,}}/{_WORD}{{20,}}",
    "a Stripe key": rf"\b[sr]k_live_{_WORD}{{20,}}\b",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])",
    "an OpenAI key": r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{40,}\b",
    "an Azure storage key": r"\bAccountKey=[A-Za-z0-9+/]{80,}==",
    "a signed Azure URL": r"[?&]sig=[A-Za-z0-9%+/]{40,}",
    "a JSON web token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
}
SHAPES = {name: re.compile(shape) for name, shape in _SHAPES.items()}
_START = re.compile(
    r"dapi|dose|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|hooks\.slack|k_live_|AIza|sk-"
    r"|AccountKey=|sig=|eyJ|PRIVATE KEY"
)

_SECRET_KEY = re.compile(
    r"(?:^|[_\-. ])(?:password|passwd|pwd|passphrase|secret|token|api[_-]?key|apikey|access[_-]?key|secret[_-]?key|"
    r"private[_-]?key|client[_-]?secret|account[_-]?key|credentials?|auth[_-]?token|sas[_-]?token)$",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PLACEHOLDER = re.compile(
    r"<.*>|\.\.\.|x{3,}|\*{2,}|your|change[_-]?me|replace|example|placeholder|dummy|todo|redacted|fake|sample|"
    r"^__.*__$|^(?:none|null|true|false|test|secret|password|token|default|unset|empty)$",
    re.IGNORECASE,
)
# The name of a secret in a scope or a vault: words with dashes, one of which says so.
_NAME = re.compile(
    r"(?:[A-Za-z0-9]+[-_./])*(?:secret|token|password|key|pwd|scope|id|name)(?:[-_./][A-Za-z0-9]+)*", re.I
)
_REFERS = re.compile(
    r"\$\{|\{\{|\{[A-Za-z_]|^\$|^/|^https?://|^secrets?[/:]|^env[:.]|^vault|^@|^arn:|^projects/", re.IGNORECASE
)


def tokens_in(text: str) -> list[tuple[str, int]]:
    """The tokens of well-known shape in a text: what each is, and where it begins; made-up ones are left out."""
    if not _START.search(text):
        return []
    return [
        (name, match.start())
        for name, shape in SHAPES.items()
        for match in shape.finditer(text)
        if not _is_made_up(match.group(0))
    ]


def masked(text: str) -> str:
    """The text with its tokens cut to their first letters."""
    for shape in SHAPES.values():
        text = shape.sub(lambda match: match.group(0)[:4] + "…", text)
    return text


def _is_made_up(token: str) -> bool:
    if token.startswith("-----"):
        return False
    return "EXAMPLE" in token.upper() or _variety(token) < 2.5


def _variety(text: str) -> float:
    """Shannon's entropy, bits a character: of `0000…` it is 0, of a random hex text about 3.7."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


@lru_cache(maxsize=4096)
def names_a_secret(key: str) -> bool:
    """Whether a key says that its value is a secret itself: `db_password`, not `secret_scope` or `token_path`."""
    return _SECRET_KEY.search(_CAMEL.sub("_", key)) is not None


def is_literal_secret(value: str) -> bool:
    """Whether a value under such a key may be one: no reference, no placeholder, no name of words alone."""
    if (
        len(value) < 6
        or set(value) & set("()[]\\<>|\n")
        or _REFERS.search(value)
        or _PLACEHOLDER.search(value)
        or " " in value.strip()
    ):
        return False
    return not re.fullmatch(r"[a-z]+(?:[._/-][a-z]+)*", value) and not _NAME.fullmatch(value)
