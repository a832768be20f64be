"""References that higher apps guard: asked by every door that makes, moves or deletes one (API, git, rewriting).

A guard is added in the higher app's `ready()`. It is asked within the transaction, while the repository's row is held, so
what it is asked about and what it goes by cannot change before the reference has moved.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from accounts.models import Actor
from models_registry.errors import ReferenceGuarded
from models_registry.events import ReferenceMove
from models_registry.models import Repository


class Guard(Protocol):
    def __call__(self, actor: Actor, repository: Repository, moves: Sequence[ReferenceMove], /) -> Mapping[str, str]:
        """{a reference's full name: why it may not move so, in a sentence}. `new` is a commit, also for an annotated tag."""


_guards: list[Guard] = []


def add(guard: Guard) -> None:
    if guard not in _guards:
        _guards.append(guard)


def refusals(actor: Actor, repository: Repository, moves: Sequence[ReferenceMove]) -> dict[str, str]:
    """Why some of these may not move."""
    found: dict[str, str] = {}
    for guard in _guards if moves else ():
        found = {**guard(actor, repository, moves), **found}
    return found


def require(actor: Actor, repository: Repository, *moves: ReferenceMove) -> None:
    """Raises ReferenceGuarded."""
    for why in refusals(actor, repository, moves).values():
        raise ReferenceGuarded(why)
