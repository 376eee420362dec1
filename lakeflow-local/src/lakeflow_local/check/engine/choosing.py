"""Which rules run: families and rules by name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from lakeflow_local.check.rule import FAMILIES, all_rules
from lakeflow_local.errors import ChoiceError


def chosen(select: Iterable[str], ignore: Iterable[str]) -> tuple[str, ...]:
    """The ids of the rules that are selected, by default all, and not ignored.

    Raises:
        ChoiceError: for a name that is no family and no rule.
    """
    wanted, unwanted = set(map(known, select)), set(map(known, ignore))
    return tuple(
        one.id
        for one in all_rules().values()
        if (not wanted or {one.id, one.family} & wanted) and not {one.id, one.family} & unwanted
    )


def known(name: str) -> str:
    """A name of a rule or family, as it is.

    Raises:
        ChoiceError: there is none; the message names what is near.
    """
    names = [*all_rules(), *FAMILIES]
    if name in names:
        return name
    near = get_close_matches(name, names, 3)
    advice = f"did you mean {', '.join(near)}?" if near else f"families: {', '.join(FAMILIES)}"
    raise ChoiceError(f"there is no rule or family {name}; {advice}")
