"""What a member can take along, and what goes when they leave. Higher apps say what they keep, in their `ready()`.

So the page of an account offers discussions and evaluations without this app knowing what those are.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from accounts.models import User


@dataclass(frozen=True)
class Part:
    """One file of the export. `rows` gives what is kept about the member, a row at a time, without secrets."""

    name: str
    rows: Callable[[User], Iterable[dict[str, Any]]]


_parts: list[Part] = []
_warnings: list[Callable[[User], list[str]]] = []


def add(name: str, rows: Callable[[User], Iterable[dict[str, Any]]]) -> None:
    _parts.append(Part(name, rows))


def parts() -> list[Part]:
    return list(_parts)


def warn_of(losses: Callable[[User], list[str]]) -> None:
    """losses: what is deleted along with the account, in sentences."""
    _warnings.append(losses)


def losses_of(user: User) -> list[str]:
    return [sentence for losses in _warnings for sentence in losses(user)]
