"""Pages of collections."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Namespace
from accounts.requests import ActorRequest
from accounts.services.accounts import namespace_named
from hub.errors import HubError
from hub.wire import rate_limits
from models_registry import access as registry_access
from models_registry.community import access
from models_registry.community.models import Collection, CollectionItem
from models_registry.community.models.collection import CollectionQuerySet
from models_registry.community.services import collections
from models_registry.community.web import buttons
from models_registry.community.web.forms import CollectionForm, ItemForm
from models_registry.models import Kind

PAGE_SIZE = 24
SORTS = {
    "updated": (gettext_lazy("Last change"), ("-updated_at", "-pk")),
    "upvotes": (gettext_lazy("Upvotes"), ("-upvotes", "-pk")),
}


def _list(request: ActorRequest, rows: CollectionQuerySet, namespace: Namespace | None = None) -> HttpResponse:
    page = Paginator(rows.for_lists(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "namespace": namespace,
        "page": page,
        "collections": collections.shown_in_lists(request.actor, list(page)),
        "sorts": [(key, title) for key, (title, _columns) in SORTS.items()],
        "sort": request.GET.get("sort") if request.GET.get("sort") in SORTS else "updated",
        "section": "collections",
    }
    return render(request, "community/collections.html", context)


@require_safe
def everybody(request: ActorRequest) -> HttpResponse:
    order = SORTS.get(request.GET.get("sort", ""), SORTS["updated"])[1]
    return _list(request, Collection.objects.visible_to(request.actor).order_by(*order))


@require_safe
def of_namespace(request: ActorRequest, name: str) -> HttpResponse:
    namespace = namespace_named(name)
    if namespace.name != name:
        return redirect("namespace-collections", namespace.name)
    own = Collection.objects.visible_to(request.actor).filter(namespace=namespace)
    return _list(request, own.order_by("position", "pk"), namespace)


@rate_limits.under(writes="collection")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    initial = {"namespace": request.GET.get("namespace", request.user.get_username())}
    form = CollectionForm(request.POST or None, actor=request.actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = collections.create_collection(
                actor=request.actor,
                namespace=form.cleaned_data["namespace"].name,
                title=form.cleaned_data["title"],
                description=form.cleaned_data["description"],
                private=form.private,
            )
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(made)
    return render(request, "community/collection_form.html", {"form": form})


@require_safe
def collection(request: ActorRequest, namespace: str, slug: str) -> HttpResponse:
    found = access.collection_for(request.actor, f"{namespace}/{slug}")
    if found.slug != f"{namespace}/{slug}":
        return redirect(found)
    return _page(request, found)


def _page(request: ActorRequest, found: Collection, form: ItemForm | None = None) -> HttpResponse:
    shown = collections.shown(request.actor, found)
    context = {
        "collection": found,
        "shown": shown,
        "children": {one.collection.pk: one for one in _children(request, shown.items)},
        "may_write": Collection.objects.filter(pk=found.pk).writable_by(request.actor).exists(),
        "form": form or ItemForm(),
        "section": "collections",
    }
    return render(request, "community/collection.html", context, status=400 if form else 200)


def _children(request: ActorRequest, items: Any) -> list[collections.Shown]:
    return collections.shown_in_lists(request.actor, [item.child for item in items if item.child is not None])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, namespace: str, slug: str) -> HttpResponse:
    found = access.collection_for(request.actor, f"{namespace}/{slug}")
    access.require_collection_write(request.actor, found)
    initial = {
        "title": found.title,
        "description": found.description,
        "theme": found.theme,
        "visibility": "private" if found.private else "public",
    }
    form = CollectionForm(request.POST or None, actor=request.actor, is_new=False, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            changed = collections.update_collection(
                actor=request.actor, collection=found, title=form.cleaned_data["title"],
                description=form.cleaned_data["description"], private=form.private,
                theme=form.cleaned_data["theme"] or None,
            )  # fmt: skip
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(changed)
    return render(request, "community/collection_form.html", {"form": form, "collection": found})


@login_required
@require_POST
def delete(request: ActorRequest, namespace: str, slug: str) -> HttpResponse:
    found = access.collection_for(request.actor, f"{namespace}/{slug}")
    if request.POST.get("confirm", "").strip() != found.title:
        messages.error(request, _("Nothing was deleted: the title was not typed as it is."))
        return redirect("collection-edit", *found.slug.split("/"))
    collections.delete_collection(actor=request.actor, collection=found)
    messages.success(request, _("“%(title)s” is deleted.") % {"title": found.title})
    return redirect("namespace-collections", found.namespace.name)


@rate_limits.under(writes="like")
@login_required
@require_POST
def upvote(request: ActorRequest, namespace: str, slug: str) -> HttpResponse:
    found = access.collection_for(request.actor, f"{namespace}/{slug}")
    wanted = buttons.wants(request)
    (collections.upvote if wanted else collections.withdraw_upvote)(actor=request.actor, collection=found)
    found.refresh_from_db(fields=["upvotes"])
    context = {"collection": found, "is_upvoted": wanted}
    return buttons.answer(request, "community/_upvote_button.html", context, found.get_absolute_url())


@login_required
@require_POST
def add(request: ActorRequest, namespace: str, slug: str) -> HttpResponse:
    found = access.collection_for(request.actor, f"{namespace}/{slug}")
    form = ItemForm(request.POST)
    if form.is_valid():
        try:
            collections.add_item(actor=request.actor, collection=found, **form.cleaned_data)
        except HubError as refusal:
            form.add_error("name", str(refusal))
        else:
            return redirect(found)
    return _page(request, found, form)


@login_required
@require_POST
def change_item(request: ActorRequest, namespace: str, slug: str, item: str) -> HttpResponse:
    """One of its buttons: up, down, remove, or its note."""
    found = access.collection_for(request.actor, f"{namespace}/{slug}")
    act = request.POST.get("act", "")
    if act == "remove":
        collections.remove_item(actor=request.actor, collection=found, item=item)
    elif act == "note":
        note = request.POST.get("note", "")
        collections.update_item(actor=request.actor, collection=found, item=item, note=note)
    elif act.startswith("to-") and act[3:].isdecimal() and len(act) < 10:
        collections.update_item(actor=request.actor, collection=found, item=item, position=int(act[3:]))
    return redirect(found)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def collect(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """A repository into one of the member's collections, or out of it."""
    repository = registry_access.repository_for(request.actor, kind, f"{namespace}/{name}")
    if request.method == "POST":
        target = access.collection_for(request.actor, request.POST.get("collection", ""))
        held = collections.visible_items(request.actor).filter(collection=target, repository=repository).first()
        if buttons.wants(request):
            if held is None:
                collections.add_item(actor=request.actor, collection=target, kind=kind, name=repository.full_name)
        elif held is not None:
            collections.remove_item(actor=request.actor, collection=target, item=held.public_id)
        return redirect(f"{kind}-collect", namespace, name)
    own = Collection.objects.writable_by(request.actor).for_lists().order_by("-updated_at", "-pk")
    holding = CollectionItem.objects.filter(repository=repository, collection__in=own.values("pk"))
    context = {
        "repository": repository,
        "section": Kind(kind).plural,
        "page": Paginator(own, PAGE_SIZE).get_page(request.GET.get("page")),
        "holding": set(holding.values_list("collection_id", flat=True)),
    }
    return render(request, "community/collect.html", context)
