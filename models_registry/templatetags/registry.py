"""The head of every page about one repository, for the pages of this app and of those above it."""

from typing import Any, NamedTuple

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.template.defaultfilters import slugify
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.models import Namespace, Organization
from hub.drawing import remembered
from hub.templatetags.grove import when
from models_registry import panels
from models_registry.models import Kind, Repository
from models_registry.page_addresses import page_url
from models_registry.services import quarantine, secrets, training
from models_registry.services.browsing import FacetValue, shared_counts
from models_registry.web.licence_words import COMMERCIAL_TITLES
from models_registry.web.task_words import TASK_TITLES

register = template.Library()

TASK_ICONS = {
    "text": "chat-left-text",
    "image": "image",
    "audio": "soundwave",
    "tabular": "table",
    "sentence": "link-45deg",
}


@register.filter
def task_title(task: str) -> str:
    """In the reader's language; one that Hub clients do not name, without its dashes: "protein-folding" → "Protein folding"."""
    if task in TASK_TITLES:
        return str(TASK_TITLES[task])
    words = task.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


@register.filter
def facet_title(value: str, facet: str) -> str:
    """What a list calls a value that it can be narrowed to."""
    if facet == "commercial":
        return str(COMMERCIAL_TITLES.get(value, value))
    return task_title(value) if facet == "task" else value


@register.simple_tag
def facet_value(facet: str, value: FacetValue, number: int, *, is_more: bool) -> SafeString:
    """A box of a list's filters. number: its place in the facet; is_more: there may be more than are counted."""
    title = facet_title(str(value.title), facet)
    return _drawn_facet_value(facet, value.value, title, value.count, value.chosen, number, is_more)


@remembered
def _drawn_facet_value(
    facet: str, value: str, title: str, count: int, chosen: bool, number: int, is_more: bool
) -> SafeString:
    return format_html(
        '<label><input type="checkbox" id="{}-{}-{}" name="{}" value="{}"{}><span class="clip" title="{}">{}</span>'
        '<span class="num">{}{}</span></label>',
        facet, slugify(value), number, facet, value, mark_safe(" checked") if chosen else "", title, title,
        intcomma(count), "+" if is_more else "",
    )  # fmt: skip


@register.filter
def task_icon(task: str) -> str:
    return TASK_ICONS.get(task.partition("-")[0], "sliders")


@register.filter
def as_value(value: float | None) -> str:
    """A measured number with as few digits as tell it; nothing for None."""
    if value is None:
        return ""
    if value and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.4g}"
    return number_format(float(f"{value:.5g}"))


@register.simple_tag(takes_context=True)
def slot(context: Any, name: str) -> SafeString:
    """What higher apps show there (`panels`), on pages that are about nothing in particular."""
    return format_html_join("", "{}", ((shown,) for shown in panels.panels(name, context["request"])))


class _Row(NamedTuple):
    """All that a row of a list shows of a repository. `updated`, `rank`: safe HTML."""

    pk: int
    kind: str
    full_name: str
    owner: str
    name: str
    url: str
    is_organization: bool
    verified_as: str
    private: bool
    parameter_count: int | None
    downloads: int
    likes: int
    task: str
    licence: str
    updated: SafeString
    rank: SafeString | str
    wide: bool
    short: bool
    mixed: bool


@register.simple_tag(takes_context=True)
def repository_row(
    context: Any, repository: Repository, *, wide: bool = False, short: bool = False, mixed: bool = False
) -> SafeString:
    """A row of a list. repository: from `for_cards()`.

    short: without the columns of numbers, but for downloads. mixed: says what is a dataset. wide: likes and, of the
    context's `panels`, the best rank in columns, too, and a box for the form `compare` of the slot model-list.
    """
    namespace = repository.namespace
    return _drawn_row(
        _Row(
            pk=repository.pk,
            kind=repository.kind,
            full_name=repository.full_name,
            owner=namespace.name,
            name=repository.name,
            url=repository.get_absolute_url(),
            is_organization=namespace.is_organization,
            verified_as=namespace.organization.verified_as if namespace.organization else "",
            private=repository.private,
            parameter_count=repository.parameter_count,
            downloads=repository.downloads,
            likes=repository.likes,
            task=repository.task,
            licence=repository.licence,
            updated=when(repository.updated_at),
            rank=context.get("panels", {}).get(repository.pk, "") if wide else "",
            wide=wide,
            short=short,
            mixed=mixed,
        )
    )


def _draw_row(row: _Row) -> SafeString:
    context = {"row": row, "organization": Organization(verified_as=row.verified_as)}
    return render_to_string("models_registry/_repository_row.html", context)


_drawn_row = remembered(_draw_row, most=2_000)


@register.simple_tag
def settings_pages(repository: Repository) -> list[dict[str, Any]]:
    """Pages of its settings that higher apps add."""
    return [
        {"key": page.key, "title": page.title, "icon": page.icon, "url": url}
        for page in panels.settings_pages()
        if (url := page.url(repository))
    ]


@register.inclusion_tag("models_registry/_repository_header.html", takes_context=True)
def repository_header(context: Any, repository: Repository, current: str) -> dict[str, Any]:
    """Path, actions, tags and tabs. `current`: "card", "data", "files", "metrics", "settings", or a higher app's key."""
    request = context["request"]
    tabs: list[dict[str, Any]] = [
        {"key": "card", "title": _("Card"), "icon": "file-text", "url": repository.get_absolute_url(), "count": None},
        {
            "key": "files",
            "title": _("Files"),
            "icon": "folder2",
            "url": page_url(repository, "tree", repository.default_branch),
            "count": None,
        },
    ]
    if repository.kind == Kind.DATASET:
        tabs.insert(
            1, {"key": "data", "title": _("Data"), "icon": "table", "url": page_url(repository, "data"), "count": None}
        )
    if training.has_any(repository):
        url = page_url(repository, "metrics")
        tabs.append({"key": "metrics", "title": _("Metrics"), "icon": "graph-up", "url": url, "count": None})
    tabs += [
        {"key": tab.key, "title": tab.title, "icon": tab.icon, "url": url, "count": tab.count(repository)}
        for tab in panels.tabs()
        if (url := tab.url(repository))
    ]
    if Repository.objects.filter(pk=repository.pk).administered_by(request.actor).exists():
        url = page_url(repository, "settings")
        tabs.append({"key": "settings", "title": _("Settings"), "icon": "gear", "url": url, "count": None})
    return {
        "request": request,
        "repository": repository,
        "current": current,
        "tabs": tabs,
        "actions": panels.panels("repository-actions", request, repository),
        "is_quarantined": quarantine.is_in(repository),
        "secret_count": secrets.open_count(request.actor, repository),
        "secrets_url": page_url(repository, "secrets"),
        "browse_url": reverse("models" if repository.kind == Kind.MODEL else "datasets"),
    }


@register.inclusion_tag("models_registry/_namespace_tabs.html", takes_context=True)
def namespace_tabs(context: Any, namespace: Namespace, current: str) -> dict[str, Any]:
    """What a member or an organisation shares, and the pages about them. `current`: "models", "datasets", "members", or a
    higher app's. Where the page has counted already (`counts`), nothing is counted again."""
    request = context["request"]
    counts = context.get("counts") or shared_counts(request.actor, namespace)
    here = namespace.get_absolute_url()
    titles = {"models": _("Models"), "datasets": _("Datasets"), "members": _("Members")}
    tabs = [
        {"key": key, "title": title, "url": f"{here}?show={key}", "count": counts[key]}
        for key, title in titles.items()
        if key in counts
    ]
    tabs += [
        {"key": tab.key, "title": tab.title, "url": url, "count": tab.count(request, namespace)}
        for tab in panels.namespace_tabs()
        if (url := tab.url(namespace))
    ]
    return {"tabs": tabs, "current": current}
