"""Pages of the community. They come before the registry's, which answer at `/{namespace}/{name}`."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, path

from models_registry.community.web import collections, feed, follows, likes, moderation, notifications, webhooks
from models_registry.models import Kind

# Below a repository's address.
PAGES: list[tuple[str, Callable[..., HttpResponse], str]] = [
    ("/like", likes.like, "like"),
    ("/likers", likes.likers, "likers"),
    ("/follow", follows.follow_repository, "follow"),
    ("/collect", collections.collect, "collect"),
]


def _pages_of(kind: Kind) -> list[URLPattern]:
    return [
        path(
            f"{kind.page_prefix}<str:namespace>/<str:name>{suffix}",
            view,
            {"kind": kind.value},
            name=f"{kind.value}-{name}",
        )
        for suffix, view, name in PAGES
    ]


urlpatterns: list[URLPattern] = [
    path("report", moderation.report, name="report"),
    path("report/thanks", moderation.thanks, name="report-thanks"),
    path("settings/moderation", moderation.about_me, name="settings-moderation"),
    path("settings/moderation/read", moderation.warning_read, name="warning-read"),
    path("settings/moderation/<int:pk>/appeal", moderation.appeal, name="appeal"),
    path("appeal/<str:signed>", moderation.appeal_by_link, name="appeal-by-link"),
    path("feed", feed.feed, name="feed"),
    path("notifications", notifications.inbox, name="notifications"),
    path("notifications/mark", notifications.mark, name="notifications-mark"),
    path("notifications/<int:pk>", notifications.follow_link, name="notification"),
    path("notifications/unsubscribe/<str:token>", notifications.unsubscribe, name="unsubscribe"),
    path("settings/notifications", notifications.preferences, name="settings-notifications"),
    path("settings/webhooks", webhooks.webhooks, name="settings-webhooks"),
    path("settings/webhooks/new", webhooks.new, name="settings-webhooks-new"),
    path("settings/webhooks/<int:pk>", webhooks.webhook, name="settings-webhooks-one"),
    path("settings/webhooks/<int:pk>/<str:what>", webhooks.act, name="settings-webhooks-act"),
    path(
        "settings/webhooks/<int:pk>/deliveries/<uuid:delivery>",
        webhooks.delivery,
        name="settings-webhooks-delivery",
    ),
    path(
        "settings/webhooks/<int:pk>/deliveries/<uuid:delivery>/again",
        webhooks.send_again,
        name="settings-webhooks-again",
    ),
    path("users/<str:name>/follow", follows.follow_namespace, name="follow-namespace"),
    path("users/<str:name>/followers", follows.followers, name="followers"),
    path("users/<str:name>/following", follows.following, name="following"),
    path("users/<str:name>/likes", likes.liked_by, name="liked-by"),
    path("users/<str:name>/activity", feed.of_namespace, name="activity"),
    path("users/<str:name>/collections", collections.of_namespace, name="namespace-collections"),
    path("collections", collections.everybody, name="collections"),
    path("collections/new", collections.new, name="new-collection"),
    path("collections/<str:namespace>/<str:slug>", collections.collection, name="collection"),
    path("collections/<str:namespace>/<str:slug>/edit", collections.edit, name="collection-edit"),
    path("collections/<str:namespace>/<str:slug>/delete", collections.delete, name="collection-delete"),
    path("collections/<str:namespace>/<str:slug>/upvote", collections.upvote, name="collection-upvote"),
    path("collections/<str:namespace>/<str:slug>/items", collections.add, name="collection-add"),
    path("collections/<str:namespace>/<str:slug>/items/<str:item>", collections.change_item, name="collection-item"),
    *_pages_of(Kind.DATASET),
    *_pages_of(Kind.MODEL),
]
