"""The threads of a repository, by pages."""

from dataclasses import dataclass

from accounts.models import Actor
from models_registry.community.models import Discussion
from models_registry.community.models.discussion import DiscussionQuerySet
from models_registry.models import Repository

PAGE = 30
_MOST_PAGES = 100_000_000
_MOST_WORDS = 8
OPEN = [Discussion.Status.OPEN, Discussion.Status.DRAFT]


@dataclass(frozen=True)
class Filters:
    """type: all, discussion or pull_request. status: all, open (drafts, too) or closed (merged, too). author: a name, or "".

    words: all of them stand in the title.
    """

    type: str = "all"
    status: str = "all"
    author: str = ""
    words: str = ""


@dataclass(frozen=True)
class ThreadPage:
    """count: of all pages. start: how many come before."""

    rows: list[Discussion]
    count: int
    start: int


def matching(repository: Repository, actor: Actor, filters: Filters) -> DiscussionQuerySet:
    """The newest first."""
    found = Discussion.objects.visible_to(actor).filter(repository=repository)
    if filters.type != "all":
        found = found.filter(is_pull_request=filters.type == "pull_request")
    if filters.status == "open":
        found = found.filter(status__in=OPEN)
    elif filters.status == "closed":
        found = found.exclude(status__in=OPEN)
    if filters.author:
        found = found.filter(author__namespace__key=filters.author.lower())
    for word in filters.words.split()[:_MOST_WORDS]:
        found = found.filter(title__icontains=word)
    return found.order_by("-number")


def page_of(repository: Repository, actor: Actor, filters: Filters, *, number: int, size: int = PAGE) -> ThreadPage:
    """The page of that number, from 0; beyond the last it is empty."""
    found = matching(repository, actor, filters)
    start = min(number, _MOST_PAGES) * size
    return ThreadPage(list(found.select_related("author__namespace")[start : start + size]), found.count(), start)
