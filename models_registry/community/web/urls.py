"""Pages of the community. They come before the registry's, which answer at `/{namespace}/{name}`."""

from django.urls import URLPattern, path

from models_registry.community.web import (
    acts,
    atom,
    collections,
    discussions,
    feed,
    follows,
    likes,
    moderation,
    notifications,
    proposals,
    webhooks,
)
from models_registry.page_addresses import Page, patterns

_THREAD = "/discussions/<int:number>"
_COMMENT = f"{_THREAD}/comments/<str:public_id>"

# Below a repository's address.
PAGES: list[Page] = [
    ("/like", likes.like, "like"),
    ("/likers", likes.likers, "likers"),
    ("/follow", follows.follow_repository, "follow"),
    ("/collect", collections.collect, "collect"),
    ("/discussions", discussions.listing, "discussions"),
    ("/discussions/new", acts.new, "new-discussion"),
    ("/discussions/new/pull-request", proposals.new, "new-pull-request"),
    ("/discussions/preview", acts.preview, "preview"),
    (_THREAD, discussions.thread, "discussion"),
    (f"{_THREAD}/commits", proposals.commits, "proposed-commits"),
    (f"{_THREAD}/files", proposals.files, "proposed-files"),
    (f"{_THREAD}/comment", acts.comment, "comment"),
    (f"{_THREAD}/title", acts.retitle, "discussion-title"),
    (f"{_THREAD}/status", acts.set_status, "discussion-status"),
    (f"{_THREAD}/lock", acts.lock, "discussion-lock"),
    (f"{_THREAD}/pin", acts.pin, "discussion-pin"),
    (f"{_THREAD}/subscription", acts.subscribe, "discussion-subscription"),
    (f"{_THREAD}/merge", proposals.merge, "merge"),
    (f"{_THREAD}/base", proposals.change_base, "change-base"),
    (f"{_COMMENT}/edit", acts.edit, "comment-edit"),
    (f"{_COMMENT}/history", acts.history, "comment-history"),
    (f"{_COMMENT}/hide", acts.hide, "comment-hide"),
    (f"{_COMMENT}/show", acts.show, "comment-show"),
    (f"{_COMMENT}/tick", acts.tick, "comment-tick"),
    (f"{_COMMENT}/react", acts.react, "comment-react"),
]


urlpatterns: list[URLPattern] = [
    path("report", moderation.report, name="report"),
    path("report/thanks", moderation.thanks, name="report-thanks"),
    path("settings/moderation", moderation.about_me, name="settings-moderation"),
    path("settings/moderation/read", moderation.warning_read, name="warning-read"),
    path("settings/moderation/<int:pk>/appeal", moderation.appeal, name="appeal"),
    path("appeal/<str:signed>", moderation.appeal_by_link, name="appeal-by-link"),
    path("feeds/of/<str:name>.atom", atom.namespace_feed, name="namespace-feed"),
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
    *patterns(PAGES),
]
