"""Search over everything that the reader may know of: `/search`, and what the header's field suggests while one types."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

from accounts.models import Actor
from accounts.requests import ActorRequest
from accounts.services.finding import find_organizations, find_people
from evaluations.services.finding import find_suites
from hub import matching
from hub.matching import LONGEST_QUERY, Found
from hub.wire import rate_limits
from models_registry import panels
from models_registry.community.services.finding import find_collections, find_discussions
from models_registry.models import Kind, Repository
from models_registry.services.finding import find

SUGGESTED = 4  # of each kind, under the header's field
SHOWN = 5  # of each kind, where all kinds are shown together
RANKED = 200  # of one kind: the rest is reached by narrowing
PAGE_SIZE = 20
COUNTED = 1_000  # as far as matches are counted


@dataclass(frozen=True)
class Section:
    """One kind of thing that is found. `find(actor, text, most)`."""

    key: str
    title: str | Promise
    icon: str
    find: Callable[[Actor, str, int], Found]


SECTIONS = [
    Section("models", _("Models"), "box", lambda actor, text, most: find(actor, Kind.MODEL, text, most)),
    Section("datasets", _("Datasets"), "database", lambda actor, text, most: find(actor, Kind.DATASET, text, most)),
    Section("organizations", _("Organisations"), "building", lambda _actor, text, most: find_organizations(text, most)),
    Section(
        "people", pgettext_lazy("who is found", "People"), "person", lambda _actor, text, most: find_people(text, most)
    ),
    Section("suites", _("Leaderboards"), "bar-chart-steps", lambda _actor, text, most: find_suites(text, most)),
    Section("collections", _("Collections"), "collection", find_collections),
    Section("discussions", _("Discussions"), "chat-left-text", find_discussions),
]


@dataclass(frozen=True)
class Group:
    """What was found of one kind. `count` is "at least" where `is_more`."""

    section: Section
    rows: Sequence[Any]
    count: int
    is_more: bool
    panels: dict[int, Any]


@rate_limits.under(reads="search")
@require_safe
def search(request: ActorRequest) -> HttpResponse:
    """All kinds together, the best of each; or, by `?type=`, one kind in pages."""
    text = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    chosen = next((section for section in SECTIONS if section.key == request.GET.get("type")), None)
    context: dict[str, Any] = {"text": text, "chosen": chosen, "sections": SECTIONS, "hide_search": True}
    if text:
        found = {
            section.key: section.find(request.actor, text, RANKED if section is chosen else SHOWN)
            for section in SECTIONS
        }
        groups = [_group(request, section, found[section.key]) for section in SECTIONS]
        context |= {
            "groups": groups,
            "meant": _meant(text, found.values()),
            "total": sum(group.count for group in groups),
        }
        if chosen is not None:
            group = next(one for one in groups if one.section is chosen)
            page = Paginator(group.rows, PAGE_SIZE).get_page(request.GET.get("page"))
            context |= {"group": group, "page": page, "browse_url": _browse_url(chosen, text)}
    return render(request, "hub/search.html", context)


@rate_limits.under(reads="search")
@require_safe
def suggestions(request: ActorRequest) -> HttpResponse:
    """A list of options for the header's field, without the frame of a page."""
    text = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    found = {section.key: section.find(request.actor, text, SUGGESTED) for section in SECTIONS} if text else {}
    groups = [(section, found[section.key].rows) for section in SECTIONS if text and found[section.key].rows]
    context = {"text": text, "groups": groups, "meant": _meant(text, found.values())}
    return render(request, "hub/_suggestions.html", context)


def _group(request: ActorRequest, section: Section, found: Found) -> Group:
    count = found.count(COUNTED + 1)
    repositories = [row for row in found.rows if isinstance(row, Repository)]
    shown = panels.row_panels(request, repositories) if repositories else {}
    return Group(section, found.rows, min(count, COUNTED), count > COUNTED, shown)


def _meant(text: str, found: Any) -> str:
    """What may have been meant, out of names that are shown anyway; "" where the text was found as it stands."""
    groups = list(found)
    if any(one.rows and not one.names for one in groups):
        return ""
    return matching.corrected(text, [name for one in groups for name in one.names])


def _browse_url(section: Section, text: str) -> str:
    """Where the same is narrowed by filters; "" for what has none."""
    return f"{reverse(section.key)}?{urlencode({'q': text})}" if section.key in {"models", "datasets"} else ""
