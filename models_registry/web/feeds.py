"""Atom feeds of the newest models and datasets."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Actor
from hub.addresses import absolute
from hub.atom import ENTRIES, HubFeed, plain, served
from models_registry.models import Kind, Repository


class NewRepositories(HubFeed):
    def get_object(self, request: HttpRequest, kind: str) -> Kind:
        return Kind(kind)

    def title(self, kind: Kind) -> str:
        return _("New models on Grove") if kind == Kind.MODEL else _("New datasets on Grove")

    def link(self, kind: Kind) -> str:
        return absolute(reverse(kind.plural) + "?sort=newest")

    def feed_url(self, kind: Kind) -> str:
        return absolute(reverse(f"new-{kind.plural}-feed"))

    def items(self, kind: Kind) -> QuerySet[Repository]:
        newest = Repository.objects.visible_to(Actor()).filter(kind=kind).for_cards()
        return newest.order_by("-created_at", "-pk")[:ENTRIES]

    def item_title(self, item: Repository) -> str:
        return item.full_name

    def item_description(self, item: Repository) -> str:
        return plain(item.summary)

    def item_link(self, item: Repository) -> str:
        return absolute(item.get_absolute_url())

    def item_guid(self, item: Repository) -> str:
        return absolute(f"/{item.kind}/{item.pk}")

    def item_pubdate(self, item: Repository) -> datetime:
        return item.created_at

    def item_author_name(self, item: Repository) -> str:
        return item.namespace.name

    def item_author_link(self, item: Repository) -> str:
        return absolute(reverse("namespace", args=[item.namespace.name]))

    def item_categories(self, item: Repository) -> list[str]:
        return [plain(word) for word in (item.task, item.library, item.licence) if word]


new_repositories: Any = served(NewRepositories())
