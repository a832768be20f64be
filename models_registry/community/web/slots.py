"""What the community shows on pages of others: filled in `apps.py`."""

from collections.abc import Callable

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Namespace
from accounts.requests import ActorRequest
from models_registry import panels
from models_registry.community.models import Collection, Discussion
from models_registry.community.services import collections, feed, follows, likes, notifications
from models_registry.models import Repository

_FEED = 15
_SHOWN = 6
_MOST_UNREAD = 100
_ACTIVE = 5


def bell(request: ActorRequest, _nothing: None) -> str:
    """The number of unread notifications, in the header of every page. One query for a member, none for others."""
    actor = getattr(request, "actor", None)
    if actor is None or actor.user is None:
        return ""
    count = notifications.unread_count(actor, most=_MOST_UNREAD)
    shown = f"{_MOST_UNREAD - 1}+" if count >= _MOST_UNREAD else str(count)
    return render_to_string("community/_bell.html", {"count": count, "shown": shown}, request)


def home_feed(request: ActorRequest, _nothing: None) -> str:
    if request.actor.user is None:
        return ""
    activities, older = feed.of_followed(request.actor, size=_FEED)
    return render_to_string("community/_home_feed.html", {"activities": activities, "older": older}, request)


def repository_buttons(request: ActorRequest, repository: Repository) -> str:
    if repository.disabled_reason:
        return ""
    context = {
        "repository": repository,
        "is_liked": likes.is_liked(request.actor, repository),
        "is_following": follows.is_following(request.actor, repository=repository),
        "action": f"{repository.get_absolute_url()}/follow",
        "what": repository.full_name,
    }
    return render_to_string("community/_repository_buttons.html", context, request)


def namespace_button(request: ActorRequest, namespace: Namespace) -> str:
    if request.actor.user is not None and namespace.user_id == request.actor.user.pk:
        return ""
    context = {
        "action": f"/users/{namespace.name}/follow",
        "is_following": follows.is_following(request.actor, namespace=namespace),
        "what": namespace.name,
    }
    return render_to_string("community/_follow_button.html", context, request)


def namespace_facts(request: ActorRequest, namespace: Namespace) -> str:
    context = {
        "namespace": namespace,
        "followers": follows.followers(namespace=namespace).count(),
        "following": follows.following(namespace.user).count() if namespace.user else None,
        "likes": likes.liked_by(namespace.user, seen_by=request.actor).count() if namespace.user else None,
    }
    return render_to_string("community/_namespace_facts.html", context, request)


def _page_of(name: str) -> Callable[[Namespace], str]:
    return lambda namespace: reverse(name, args=[namespace.name])


def _likes_url(namespace: Namespace) -> str:
    return reverse("liked-by", args=[namespace.name]) if namespace.user_id else ""


def _collection_count(request: ActorRequest, namespace: Namespace) -> int:
    return Collection.objects.visible_to(request.actor).filter(namespace=namespace).count()


def _no_count(request: ActorRequest, namespace: Namespace) -> None:
    return None


def namespace_main(request: ActorRequest, namespace: Namespace) -> str:
    own = Collection.objects.visible_to(request.actor).filter(namespace=namespace).for_lists()
    listed = list(own.order_by("position", "pk")[: _SHOWN + 1])
    activities, older = feed.of_namespace(request.actor, namespace, size=_SHOWN)
    context = {
        "namespace": namespace,
        "collections": collections.shown_in_lists(request.actor, listed[:_SHOWN]),
        "has_more_collections": len(listed) > _SHOWN,
        "activities": activities,
        "older": older,
    }
    return render_to_string("community/_namespace_panels.html", context, request)


def active_discussions(request: ActorRequest, _nothing: None) -> str:
    """On the home page: where something was said last."""
    threads = Discussion.objects.visible_to(request.actor).for_lists().order_by("-updated_at", "-pk")[:_ACTIVE]
    return render_to_string("community/_active.html", {"threads": threads}, request)


def threads_url(repository: Repository) -> str:
    return f"{repository.get_absolute_url()}/discussions"


def open_threads(repository: Repository) -> int:
    return Discussion.objects.filter(repository=repository, status__in=["open", "draft"]).count()


def fill() -> None:
    panels.fill("home-talk", active_discussions)
    panels.add_tab(
        panels.Tab(key="community", title=_("Community"), icon="chat-left-text", url=threads_url, count=open_threads)
    )
    for key, title, url, count in (
        ("collections", _("Collections"), _page_of("namespace-collections"), _collection_count),
        ("likes", pgettext_lazy("what somebody likes", "Likes"), _likes_url, _no_count),
        ("activity", _("Activity"), _page_of("activity"), _no_count),
    ):
        panels.add_namespace_tab(panels.NamespaceTab(key=key, title=title, url=url, count=count))
    panels.fill("header", bell)
    panels.fill("home-feed", home_feed)
    panels.fill("repository-actions", repository_buttons)
    panels.fill("namespace-actions", namespace_button)
    panels.fill("namespace-facts", namespace_facts)
    panels.fill("namespace-main", namespace_main)
