"""Which target is meant where a command names none."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.check.example_files import bundle
from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.target import CheckedBundle

_TARGETS = "targets:\n  dev:\n    default: true\n  prod:\n    mode: production\n"


@rule(
    id="two-default-targets",
    family="targets",
    severity="error",
    basis="documented",
    reason="With two defaults a command without -t is refused, and nobody notices while all of them name a target.",
    fact="https://docs.databricks.com/aws/en/dev-tools/bundles/settings (targets: one may be the default)",
    fix="Leave default: true at one target, the one for development.",
    scope="bundle",
    bad=bundle(_TARGETS + "    default: true  # <--\n"),
    good=bundle(_TARGETS),
)
def two_default_targets(checked: CheckedBundle) -> Iterator[Found]:
    """More than one target that says default: true; the first one is left in peace."""
    sections = [
        (name, section.get("default"))
        for tree in checked.written.trees.values()
        for name, section in tree.entries("targets")
    ]
    marked = [(name, value) for name, value in sections if value is not None and value.node.value is True]
    for name, value in marked[1:]:
        if name != marked[0][0]:
            yield found(value, f"{marked[0][0]} and {name} both are the default target")
