"""Pages of the registry. `{namespace}/{name}` comes last in the site's addresses: whatever stands before it wins."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, path

from models_registry.models import Kind
from models_registry.web import browsing, changes, editing, files, namespaces, repositories

PAGES: list[tuple[str, Callable[..., HttpResponse], str]] = [
    ("", repositories.card, "repository"),
    ("/tree/<path:rest>", files.tree, "tree"),
    ("/blob/<path:rest>", files.blob, "blob"),
    ("/edit/<path:rest>", editing.edit, "edit"),
    ("/commits/<path:rest>", changes.commits, "commits"),
    ("/commit/<path:rest>", changes.commit, "commit"),
    ("/settings", repositories.settings, "repository-settings"),
    ("/settings/visibility", repositories.change_visibility, "repository-visibility"),
    ("/settings/delete", repositories.delete, "repository-delete"),
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


urlpatterns = [
    path("models", browsing.models, name="models"),
    path("datasets", browsing.datasets, name="datasets"),
    path("new", repositories.new, name="new-repository"),
    *_pages_of(Kind.DATASET),
    *_pages_of(Kind.MODEL),
    path("<str:name>", namespaces.namespace, name="namespace"),
]
