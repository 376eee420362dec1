"""What an operator is: one mistake of a family, and the list of all of them."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.mutants.draft import Draft, Edit, NoPlace

SEED = 16
FAMILIES = (
    "references",
    "leftovers",
    "files",
    "control flow",
    "side effects",
    "schedules",
    "targets",
    "secrets",
    "pipelines",
)


@dataclass(frozen=True)
class Operator:
    """One mistake.

    Attributes:
        name: As in the table.
        family: The family of rules that is expected to find it.
        mistake: What somebody did, in a sentence.
        leads_to: Globs of the files, besides the edited ones, in which a finding is at the right place.
    """

    name: str
    family: str
    mistake: str
    act: Callable[[Draft], None]
    leads_to: tuple[str, ...] = ()

    def apply(self, draft: Draft) -> list[Edit]:
        """Makes the mistake in a copy.

        Raises:
            NoPlace: The bundle has no place for it.
        """
        self.act(draft)
        if not draft.edits:
            raise NoPlace(f"{self.name} has changed nothing")
        return draft.edits


OPERATORS: dict[str, Operator] = {}


def family(name: str) -> Callable[..., Callable[[Callable[[Draft], None]], Callable[[Draft], None]]]:
    """A decorator for the operators of a family; it takes `leads_to`. The docstring is the mistake."""
    assert name in FAMILIES, name

    def register(*leads_to: str) -> Callable[[Callable[[Draft], None]], Callable[[Draft], None]]:
        def keep(act: Callable[[Draft], None]) -> Callable[[Draft], None]:
            assert act.__doc__ and act.__name__ not in OPERATORS, act.__name__
            OPERATORS[act.__name__] = Operator(act.__name__, name, act.__doc__.strip(), act, leads_to)
            return act

        return keep

    return register


def draft_seed(operator: str, seed: int = SEED) -> str:
    """The seed of an operator's choices: its own, so that a new operator changes no other."""
    return f"{seed}:{operator}"


def held_out(seed: int = SEED) -> frozenset[str]:
    """A third of the operators, chosen at random, at which nobody looks while rules are written."""
    names = sorted(OPERATORS)
    return frozenset(random.Random(f"held out {seed}").sample(names, round(len(names) / 3)))
