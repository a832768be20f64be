"""What a fine-grained token can be limited to, besides namespaces. Higher apps say what they have, in their `ready()`.

So the page of access tokens offers repositories without this app knowing what a repository is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from accounts.models import Actor


@dataclass(frozen=True)
class ScopeKind:
    """One kind of thing. `key` is its member in a scope (`{"action": …, key: id}`).

    `find`: names as a member writes them → {name: id}, of those that the actor may know of. `names`: ids → {id: name}.
    """

    key: str
    title: str
    example: str
    find: Callable[[Actor, Iterable[str]], dict[str, int]]
    names: Callable[[Iterable[int]], dict[int, str]]


_kinds: list[ScopeKind] = []


def add(kind: ScopeKind) -> None:
    _kinds.append(kind)


def kinds() -> list[ScopeKind]:
    return list(_kinds)
