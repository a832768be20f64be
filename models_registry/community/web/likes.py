"""Liking a repository, and who does."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import ActorRequest
from accounts.services.accounts import user_named
from hub.wire import rate_limits
from models_registry import access
from models_registry.community.services import likes
from models_registry.community.web import buttons
from models_registry.models import Kind

PAGE_SIZE = 60


@rate_limits.under(writes="like")
@login_required
@require_POST
def like(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = access.repository_for(request.actor, kind, f"{namespace}/{name}")
    wanted = buttons.wants(request)
    (likes.like if wanted else likes.unlike)(actor=request.actor, repository=repository)
    repository.refresh_from_db(fields=["likes"])
    context = {"repository": repository, "is_liked": wanted}
    return buttons.answer(request, "community/_like_button.html", context, repository.get_absolute_url())


@require_safe
def likers(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = access.repository_for(request.actor, kind, f"{namespace}/{name}")
    page = Paginator(likes.likers(repository), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "repository": repository,
        "section": Kind(kind).plural,
        "page": page,
        "people": [like.user for like in page],
    }
    return render(request, "community/likers.html", context)


@require_safe
def liked_by(request: ActorRequest, name: str) -> HttpResponse:
    user = user_named(name)
    if user.username != name:
        return redirect("liked-by", user.username)
    page = Paginator(likes.liked_by(user, seen_by=request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"namespace": user.namespace, "page": page, "repositories": [like.repository for like in page]}
    return render(request, "community/liked_by.html", context)
