"""Which pages search engines may read: robots.txt, and a sitemap (https://www.sitemaps.org) of what everybody may see."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap, views
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import Actor, Namespace
from evaluations.models import SuiteVersion
from evaluations.services.suites import current_versions
from hub.addresses import absolute
from hub.shared_answers import for_everybody
from models_registry.models import Kind, Repository


class _Section(Sitemap):
    """Part of the sitemap. Pages of at most so many addresses: each is one query by key."""

    limit = 5000
    protocol = urlsplit(settings.BASE_URL).scheme

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.BASE_URL).netloc


class Pages(_Section):
    def items(self) -> Sequence[str]:
        return [
            "home",
            "models",
            "datasets",
            "leaderboards",
            "challenges",
            "collections",
            "licences",
            "guide-start",
            "api-docs",
        ]

    def location(self, item: str) -> str:
        return reverse(item)


class Repositories(_Section):
    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def items(self) -> QuerySet[Repository]:
        return Repository.objects.visible_to(Actor()).filter(kind=self.kind).select_related("namespace").order_by("pk")

    def lastmod(self, item: Repository) -> datetime:
        return item.updated_at

    def get_latest_lastmod(self) -> datetime | None:
        newest: datetime | None = self.items().aggregate(newest=Max("updated_at"))["newest"]
        return newest


class People(_Section):
    """Members and organisations that share something."""

    def items(self) -> QuerySet[Namespace]:
        shared = Repository.objects.visible_to(Actor()).values("namespace")
        return Namespace.objects.filter(pk__in=shared).order_by("pk")


class Boards(_Section):
    def items(self) -> QuerySet[SuiteVersion]:
        return current_versions().select_related("suite").order_by("pk")

    def location(self, item: SuiteVersion) -> str:
        return item.suite.get_absolute_url()


SECTIONS: dict[str, type[Sitemap] | Sitemap] = {
    "pages": Pages(),
    "models": Repositories(Kind.MODEL),
    "datasets": Repositories(Kind.DATASET),
    "people": People(),
    "leaderboards": Boards(),
}


@require_safe
@for_everybody(60)
def index(request: HttpRequest) -> HttpResponse:
    return views.index(request, SECTIONS, sitemap_url_name="sitemap")


@require_safe
@for_everybody(60)
def section(request: HttpRequest, section: str) -> HttpResponse:
    return views.sitemap(request, SECTIONS, section=section)


# Pages that differ by who looks, or that are the same content again in another order.
_NOT_FOR_ROBOTS = (
    "/accounts/", "/admin/", "/settings", "/notifications", "/report", "/login", "/api/", "/*/resolve/", "/*/commits/",
    "/*/commit/", "/*/compare/", "/*/edit/", "/*?*sort=",
)  # fmt: skip


@require_safe
@for_everybody(60)
def robots(request: HttpRequest) -> HttpResponse:
    """RFC 9309."""
    lines = ["User-agent: *", "Allow: /api/docs$", *(f"Disallow: {path}" for path in _NOT_FOR_ROBOTS)]
    lines += ["", f"Sitemap: {absolute(reverse('sitemap-index'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
