"""Pages to read: the threads of a repository, and one of them."""

from dataclasses import replace
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from hub.wire import rate_limits
from models_registry.community import access
from models_registry.community.models import Discussion
from models_registry.community.services import discussions, notifications
from models_registry.community.services.listing import OPEN, Filters, matching
from models_registry.community.web import merge_box, timeline
from models_registry.community.web.reading import Address, Composer, Rights, composer, frame
from models_registry.models import Repository

PER_PAGE = 30
MOST_PEOPLE = 30


def _filters(request: HttpRequest) -> Filters:
    """What a list of threads is narrowed to by its address; what it does not know, it leaves out."""
    query = request.GET
    kind, status = query.get("type", ""), query.get("status", "")
    return Filters(
        type=kind if kind in {"discussion", "pull_request"} else "all",
        status=status if status in {"closed", "all"} else "open",
        author=query.get("author", "")[:42],
        words=query.get("q", "").strip()[:200],
    )


@rate_limits.under(reads="search")
@require_safe
def listing(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """Pinned ones first, then the newest."""
    repository = Address(kind, namespace, name).repository(request)
    filters = _filters(request)
    found = matching(repository, request.actor, replace(filters, status="all"))
    counts = found.order_by().aggregate(open=Count("pk", filter=Q(status__in=OPEN)), all=Count("pk"))
    counts["closed"] = counts["all"] - counts["open"]
    threads = matching(repository, request.actor, filters).select_related("author").order_by("-is_pinned", "-number")
    page = Paginator(threads, PER_PAGE).get_page(request.GET.get("page"))
    for thread in page:
        thread.repository = repository
    is_narrow = counts["all"] > 0 or replace(filters, status="all") != Filters()
    context = frame(
        repository, filters=filters, is_narrow=is_narrow, counts=counts, page=page,
        example=f'hf upload {repository.full_name} . --create-pr --commit-message "What changes, and why"',
    )  # fmt: skip
    return render(request, "community/list.html", context)


@require_safe
def thread(request: ActorRequest, kind: str, namespace: str, name: str, number: int) -> HttpResponse:
    """The whole of it; with `after` and `before`, a piece of its middle; with `at`, a comment of its middle, too."""
    discussion = Address(kind, namespace, name).discussion(request, number)
    after, before = _event(request, "after"), _event(request, "before")
    if after and before:
        rows = timeline.piece(discussion, request.actor, after=after, before=before)
        if is_swapped(request):
            answer = render(request, "community/_rows.html", _of_rows(request, discussion, rows))
            patch_vary_headers(answer, ["HX-Request"])
            return answer
        return thread_page(request, discussion, rows=rows, is_piece=True)
    at = request.GET.get("at", "")
    rows = timeline.whole(discussion, request.actor, at=_number(at, 16))
    notifications.mark_thread(actor=request.actor, discussion=discussion)
    return thread_page(request, discussion, rows=rows, text=_quoted(request, discussion))


def is_swapped(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page."""
    return request.headers.get("HX-Request") == "true"


def _event(request: HttpRequest, name: str) -> int:
    return _number(request.GET.get(name, ""), 10)


def _number(written: str, base: int) -> int:
    try:
        found = int(written, base)
    except ValueError:
        return 0
    return found if 0 < found < 2**63 else 0


def _quoted(request: ActorRequest, discussion: Discussion) -> str:
    """The comment that a reply quotes, as Markdown."""
    if not request.GET.get("quote"):
        return ""
    quoted = access.comment_for(discussion, request.GET["quote"])
    if quoted.is_hidden:
        return ""
    lines = "\n".join(f"> {line}".rstrip() for line in quoted.text.strip().splitlines())
    named = f"@{quoted.author.username}:\n\n" if quoted.author else ""
    return f"{named}{lines}\n\n"


def _of_rows(request: ActorRequest, discussion: Discussion, rows: list[timeline.Row]) -> dict[str, Any]:
    comments = [row.event.pk for row in rows if row.kind == "comment"]
    rights = Rights.of(request.actor, discussion, comments)
    return frame(discussion.repository, discussion=discussion, rows=rows, rights=rights)


def thread_page(
    request: ActorRequest,
    discussion: Discussion,
    *,
    rows: list[timeline.Row] | None = None,
    text: str = "",
    error: str = "",
    status: int = 200,
    is_piece: bool = False,
) -> HttpResponse:
    """The thread with a field to answer in: also after a comment that was refused, or is to be previewed."""
    if rows is None:
        rows = timeline.whole(discussion, request.actor)
    context = _of_rows(request, discussion, rows)
    people = list(discussions.participants(discussion)[: MOST_PEOPLE + 1])
    context |= {
        "composer": _reply(request, discussion.repository, text, error),
        "participants": people[:MOST_PEOPLE],
        "participants_more": len(people) > MOST_PEOPLE,
        "is_subscribed": discussions.is_subscribed(request.actor, discussion),
        "is_piece": is_piece,
        "report_name": f"{discussion.repository.get_absolute_url().strip('/')}#{discussion.number}",
    }
    if discussion.is_pull_request:
        context |= merge_box.of(request, discussion)
    return render(request, "community/thread.html", context, status=status)


def _reply(request: ActorRequest, repository: Repository, text: str, error: str) -> Composer:
    return composer(request, repository, text=text, error=error)
