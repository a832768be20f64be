"""What a member is told, how they wish to be told, and the link that ends e-mails."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import ActorRequest
from models_registry.community.models import NoticeKind, NotificationPreference
from models_registry.community.services import notifications, wording
from models_registry.community.services import preferences as wishes
from models_registry.community.services.preferences import Wish

PAGE_SIZE = 30
_MOST_REPOSITORIES = 20


@login_required
@never_cache
@require_safe
def inbox(request: ActorRequest) -> HttpResponse:
    everything = notifications.of_actor(request.actor)
    rows, kind, repository = everything, request.GET.get("kind", ""), request.GET.get("repository", "")
    if request.GET.get("show") != "all":
        rows = rows.unread()
    if kind in NoticeKind.values:
        rows = rows.filter(kind=kind)
    if repository:
        rows = rows.filter(notice__repository__full_key=repository.lower())
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    places = everything.unread().exclude(notice__repository=None).order_by()
    names = places.values_list("notice__repository__namespace__name", "notice__repository__name").distinct()
    context = {
        "page": page,
        "rows": [(row, wording.of(row)) for row in page],
        "kinds": NoticeKind.choices,
        "kind": kind,
        "repository": repository,
        "repositories": [f"{namespace}/{name}" for namespace, name in names[:_MOST_REPOSITORIES]],
        "shows_all": request.GET.get("show") == "all",
        "back": request.get_full_path(),
    }
    return render(request, "community/notifications.html", context)


@login_required
@require_POST
def mark(request: ActorRequest) -> HttpResponse:
    """One button of the page: what it is named says what is done, its value to which, or "all"."""
    for act in ("read", "unread", "done"):
        if value := request.POST.get(act):
            _mark(request, act, value)
    back = request.POST.get("back", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, None) else "notifications")


def _mark(request: ActorRequest, act: str, value: str) -> None:
    if value != "all" and not (value.isdecimal() and value.isascii() and len(value) <= 18):
        return
    ids = None if value == "all" else [int(value)]
    if act != "done":
        notifications.mark(actor=request.actor, notifications=ids, read=act == "read")
    elif ids is not None:
        notifications.put_away(actor=request.actor, notifications=ids)


@login_required
@never_cache
@require_safe
def follow_link(request: ActorRequest, pk: int) -> HttpResponse:
    """To what a notification is about; it is read now."""
    row = notifications.of_actor(request.actor).filter(pk=pk).first() if pk < 2**63 else None
    if row is None:
        raise Http404
    notifications.mark(actor=request.actor, notifications=[pk])
    return redirect(wording.of(row).url)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: ActorRequest) -> HttpResponse:
    user = request.actor.require_user()
    if request.method == "POST":
        wishes.choose(user=user, wishes={kind: _wish(request.POST, kind) for kind in NoticeKind.values})
        messages.success(request, _("You will be told as you wish."))
        return redirect("settings-notifications")
    now = wishes.of_user(user)
    context = {
        "rows": [(kind, title, now[kind]) for kind, title in NoticeKind.choices],
        "emails": NotificationPreference.Email.choices,
    }
    return render(request, "community/notification_settings.html", context)


def _wish(posted: Any, kind: str) -> Wish:
    email = posted.get(f"{kind}-email", "")
    known = email in NotificationPreference.Email.values
    return Wish(f"{kind}-page" in posted, email if known else NotificationPreference.Email.NEVER)


@csrf_exempt  # RFC 8058: a mail program posts here, without a session; the token is the proof
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: ActorRequest, token: str) -> HttpResponse:
    """The link in every e-mail. Reading the page changes nothing: mail programs fetch links to look at them."""
    found = wishes.opened(token)
    if found is None:
        raise Http404
    user, kind = found
    if request.method == "POST":
        if request.POST.get("all"):
            kind = wishes.ALL
        wishes.unsubscribe(user=user, kind=kind)
    context = {
        "title": NoticeKind(kind).label if kind in NoticeKind.values else "",
        "is_daily": kind == wishes.DAILY,
        "is_done": request.method == "POST",
    }
    return render(request, "community/unsubscribe.html", context)
