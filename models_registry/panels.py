"""Slots on the registry's pages that higher apps fill, so that the registry need not know them.

A filler is registered in the higher app's `ready()`; it gets the request and what the page is about (a repository, a
namespace, or None) and returns safe HTML, or an empty string to show nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.functional import Promise
from django.utils.safestring import SafeString

from accounts.requests import ActorRequest


class Filler(Protocol):
    def __call__(self, request: ActorRequest, subject: Any, /) -> SafeString | str: ...


@dataclass(frozen=True)
class Tab:
    """A tab beside Card and Files.

    `key`: what its pages call it. `url(repository)` is "" where that repository has no such tab. `count(repository)` may be
    None: no number is shown.
    """

    key: str
    title: str | Promise
    icon: str
    url: Callable[[Any], str]
    count: Callable[[Any], int | None]


@dataclass(frozen=True)
class NamespaceTab:
    """A tab beside the models and datasets of a member or an organisation.

    `key`: what its pages call it. `url(namespace)` is "" where that namespace has no such tab. `count(request, namespace)`
    may be None: no number is shown.
    """

    key: str
    title: str | Promise
    url: Callable[[Any], str]
    count: Callable[[ActorRequest, Any], int | None]


@dataclass(frozen=True)
class SettingsPage:
    """A page of a repository's settings, beside General and Access.

    `key`: what the page's context calls it, as `settings_page`. `url(repository)` is "" where there is no such page.
    """

    key: str
    title: str | Promise
    icon: str
    url: Callable[[Any], str]


class RowFiller(Protocol):
    """What rows of a list of repositories show besides: {repository id: safe HTML}, in a fixed number of queries."""

    def __call__(self, request: ActorRequest, repositories: Sequence[Any], /) -> Mapping[int, SafeString | str]: ...


_fillers: dict[str, list[Filler]] = defaultdict(list)
_row_fillers: list[RowFiller] = []
_tabs: list[Tab] = []
_namespace_tabs: list[NamespaceTab] = []
_settings_pages: list[SettingsPage] = []

# The slots there are: header (of the whole site: unread notifications); on the home page home (leaderboards, newest scores),
# home-talk (where something was said last) and, for a member, home-feed and home-own (what they asked for and wait for);
# repository-side (ranks on a model page), repository-foot (below all its facts: where to report it), repository-actions
# (Evaluate button), repository-closed (what its members can do about it), model-list (over a list of models: what is done with
# those that are ticked in it, by a form `compare`);
# on the page of a member or an organisation, whose Namespace fillers get: namespace-actions (beside its name: Follow),
# namespace-facts (in the line below it: followers; each filler gives one <span>), namespace-main (below what it shares:
# collections, activity), namespace-side (below its members: boards, following) and namespace-foot (where to report it).
SLOTS = frozenset(
    {
        "header", "home", "home-talk", "home-feed", "home-own",
        "repository-side", "repository-foot", "repository-actions", "repository-closed",
        "model-list", "namespace-actions", "namespace-facts", "namespace-main", "namespace-side", "namespace-foot",
    }
)  # fmt: skip


def fill(slot: str, filler: Filler) -> None:
    if slot not in SLOTS:
        raise ValueError(f"There is no slot {slot!r}: {', '.join(sorted(SLOTS))}.")
    _fillers[slot].append(filler)


def fill_rows(filler: RowFiller) -> None:
    _row_fillers.append(filler)


def row_panels(request: ActorRequest, repositories: Sequence[Any]) -> dict[int, SafeString | str]:
    """What higher apps show in the rows of a list: a best rank."""
    found: dict[int, SafeString | str] = {}
    for filler in _row_fillers:
        found |= filler(request, repositories)
    return found


def add_tab(tab: Tab) -> None:
    _tabs.append(tab)


def tabs() -> list[Tab]:
    return list(_tabs)


def add_namespace_tab(tab: NamespaceTab) -> None:
    _namespace_tabs.append(tab)


def namespace_tabs() -> list[NamespaceTab]:
    return list(_namespace_tabs)


def add_settings_page(page: SettingsPage) -> None:
    _settings_pages.append(page)


def settings_pages() -> list[SettingsPage]:
    return list(_settings_pages)


def panels(slot: str, request: ActorRequest, subject: Any = None) -> list[SafeString | str]:
    """What higher apps show in this slot."""
    return [shown for filler in _fillers[slot] if (shown := filler(request, subject))]
