"""The Atom feed of a member or an organisation: what happened there, as its page of activity says it."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Actor, Namespace
from accounts.services.accounts import namespace_named
from hub.addresses import absolute
from hub.atom import ENTRIES, HubFeed, plain, served
from models_registry.community.models import Activity
from models_registry.community.services import feed
from models_registry.models import Kind


def sentence(activity: Activity) -> str:
    """Who did what, in one line: “ada releases v2 of ada/net”."""
    repository, data = activity.repository, activity.data
    subject = repository.full_name if repository else activity.collection.title if activity.collection else ""
    said = {"who": _who(activity), "what": subject}
    match activity.verb:
        case Activity.Verb.CREATED if repository is not None and repository.kind == Kind.DATASET:
            return _("%(who)s shares a new dataset: %(what)s") % said
        case Activity.Verb.CREATED:
            return _("%(who)s shares a new model: %(what)s") % said
        case Activity.Verb.COMMITTED:
            count = data.get("count", 1)
            told = ngettext("%(who)s adds a version to %(what)s", "%(who)s adds %(count)s versions to %(what)s", count)
            return told % {**said, "count": count}
        case Activity.Verb.RELEASED:
            return _("%(who)s releases %(tag)s of %(what)s") % {**said, "tag": data.get("tag", "")}
        case Activity.Verb.DISCUSSED:
            return _("%(who)s opens a discussion in %(what)s") % said
        case Activity.Verb.PROPOSED:
            return _("%(who)s proposes a change to %(what)s") % said
        case Activity.Verb.MERGED:
            return _("%(who)s merges a change into %(what)s") % said
        case Activity.Verb.LIKED:
            return _("%(who)s likes %(what)s") % said
        case Activity.Verb.SCORED:
            return _("%(who)s has a commit measured of %(what)s") % said
        case _other:
            return _("%(who)s makes a collection: %(what)s") % said


def _who(activity: Activity) -> str:
    """Who did it; of an act of nobody, such as a measurement that ran by itself, at whom."""
    if activity.actor is not None:
        return activity.actor.username
    about = activity.repository or activity.collection
    return about.namespace.name if about else ""


def _detail(activity: Activity) -> str:
    if activity.discussion is not None:
        return activity.discussion.title
    if activity.verb == Activity.Verb.SCORED:
        data = activity.data
        return f"{data['metric']} {data['value']:.{data['digits']}f} · {data['suite']}"
    summary = activity.repository.summary if activity.repository else ""
    return str(activity.data.get("title") or summary)


def _address(activity: Activity) -> str:
    repository, data = activity.repository, activity.data
    if activity.verb == Activity.Verb.SCORED:
        return reverse("run", args=[data["run"]])
    if activity.discussion is not None:
        return activity.discussion.get_absolute_url()
    if repository is not None:
        where = repository.get_absolute_url()
        return f"{where}/commit/{data['oid']}" if data.get("oid") else where
    return activity.collection.get_absolute_url() if activity.collection else "/"


class NamespaceFeed(HubFeed):
    def get_object(self, request: HttpRequest, name: str) -> Namespace:
        return namespace_named(name)

    def title(self, namespace: Namespace) -> str:
        return _("%(name)s on Grove") % {"name": plain(namespace.display_name)}

    def link(self, namespace: Namespace) -> str:
        return absolute(reverse("namespace", args=[namespace.name]))

    def feed_url(self, namespace: Namespace) -> str:
        return absolute(reverse("namespace-feed", args=[namespace.name]))

    def feed_guid(self, namespace: Namespace) -> str:
        return absolute(f"/namespace/{namespace.pk}")

    def items(self, namespace: Namespace) -> list[Activity]:
        return feed.of_namespace(Actor(), namespace, size=ENTRIES)[0]

    def item_title(self, item: Activity) -> str:
        return plain(sentence(item))

    def item_description(self, item: Activity) -> str:
        return plain(_detail(item))

    def item_link(self, item: Activity) -> str:
        return absolute(_address(item))

    def item_guid(self, item: Activity) -> str:
        return absolute(f"/activity/{item.pk}")

    def item_pubdate(self, item: Activity) -> datetime:
        return item.created_at

    def item_author_name(self, item: Activity) -> str:
        return _who(item)


namespace_feed: Any = served(NamespaceFeed())
