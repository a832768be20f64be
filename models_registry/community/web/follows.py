"""Following people, organisations and repositories, and who does."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import ActorRequest
from accounts.services.accounts import namespace_named, user_named
from hub.wire import rate_limits
from models_registry import access
from models_registry.community.services import follows
from models_registry.community.web import buttons

PAGE_SIZE = 60


@rate_limits.under(writes="follow")
@login_required
@require_POST
def follow_repository(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = access.repository_for(request.actor, kind, f"{namespace}/{name}")
    wanted = buttons.wants(request)
    (follows.follow if wanted else follows.unfollow)(actor=request.actor, repository=repository)
    context = {
        "action": f"{repository.get_absolute_url()}/follow",
        "is_following": wanted,
        "what": repository.full_name,
    }
    return buttons.answer(request, "community/_follow_button.html", context, repository.get_absolute_url())


@rate_limits.under(writes="follow")
@login_required
@require_POST
def follow_namespace(request: ActorRequest, name: str) -> HttpResponse:
    namespace = namespace_named(name)
    wanted = buttons.wants(request)
    (follows.follow if wanted else follows.unfollow)(actor=request.actor, namespace=namespace)
    context = {"action": request.path, "is_following": wanted, "what": namespace.name}
    return buttons.answer(request, "community/_follow_button.html", context, namespace.get_absolute_url())


@require_safe
def followers(request: ActorRequest, name: str) -> HttpResponse:
    namespace = namespace_named(name)
    if namespace.name != name:
        return redirect("followers", namespace.name)
    page = Paginator(follows.followers(namespace=namespace), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"namespace": namespace, "page": page, "namespaces": [follow.user.namespace for follow in page]}
    return render(request, "community/followers.html", context)


@require_safe
def following(request: ActorRequest, name: str) -> HttpResponse:
    user = user_named(name)
    if user.username != name:
        return redirect("following", user.username)
    page = Paginator(follows.following(user), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "namespace": user.namespace,
        "page": page,
        "namespaces": [follow.namespace for follow in page],
        "is_following": True,
        "repositories": [
            row.repository for row in follows.followed_repositories(user, seen_by=request.actor)[:PAGE_SIZE]
        ],
    }
    return render(request, "community/followers.html", context)
