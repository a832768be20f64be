"""Collections: made, filled, put in order, found to be good."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Max, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Actor
from accounts.services.accounts import namespace_named
from models_registry import access as registry_access
from models_registry.community import access
from models_registry.community.errors import (
    BadCollection,
    CollectionExists,
    CollectionNotFound,
    ItemExists,
    ItemNotFound,
)
from models_registry.community.models import Activity, Collection, CollectionItem, CollectionUpvote
from models_registry.community.models.collection import CollectionQuerySet
from models_registry.community.services import activities
from models_registry.models import Kind, Repository

MOST_ITEMS = 1000
MOST_COLLECTIONS = 2000
LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_NOTE = 120, 150, 500


@dataclass(frozen=True)
class Shown:
    """A collection as one reader sees it. `items`: those that they may see, perhaps the first ones only; `count`: of all."""

    collection: Collection
    items: Sequence[CollectionItem]
    count: int
    is_upvoted: bool = False


def _checked(title: str | None, description: str | None, theme: str | None) -> None:
    """Raises BadCollection."""
    if title is not None and not 0 < len(title.strip()) <= LONGEST_TITLE:
        raise BadCollection(_("A title has between 1 and %(most)s characters.") % {"most": LONGEST_TITLE})
    if description is not None and len(description) > LONGEST_DESCRIPTION:
        raise BadCollection(_("A description has at most %(most)s characters.") % {"most": LONGEST_DESCRIPTION})
    if theme is not None and theme not in Collection.Theme.values:
        raise BadCollection(_("A theme is one of %(choices)s.") % {"choices": ", ".join(Collection.Theme.values)})


def _note(note: str) -> str:
    if len(note) > LONGEST_NOTE:
        raise BadCollection(_("A note has at most %(most)s characters.") % {"most": LONGEST_NOTE})
    return note.strip()


@transaction.atomic
def create_collection(
    *, actor: Actor, namespace: str, title: str, description: str = "", private: bool = False
) -> Collection:
    """Raises NamespaceNotFound, Forbidden, BadCollection; CollectionExists, whose details name the slug of the other."""
    owner = namespace_named(namespace)
    access.require_collection_in(actor, owner)
    _checked(title, description, None)
    own = Collection.objects.filter(namespace=owner)
    if own.count() >= MOST_COLLECTIONS:
        raise BadCollection(_("One namespace has at most %(most)s collections.") % {"most": MOST_COLLECTIONS})
    last = own.aggregate(last=Max("position"))["last"]
    made = Collection(
        namespace=owner, title=title.strip(), description=description.strip(), private=private,
        position=0 if last is None else last + 1,
    )  # fmt: skip
    _save(actor, made)
    activities.record(actor=actor.user, verb=Activity.Verb.COLLECTED, collection=made)
    return made


def _save(actor: Actor, collection: Collection) -> None:
    """Raises CollectionExists."""
    try:
        with transaction.atomic():
            collection.save()
    except IntegrityError:
        others = Collection.objects.visible_to(actor).filter(namespace=collection.namespace)
        other = others.filter(title__iexact=collection.title).exclude(pk=collection.pk).first()
        raise CollectionExists(details={"slug": other.slug} if other else {}) from None


def _locked(actor: Actor, collection: Collection) -> Collection:
    """One change at a time. Raises as `access.require_collection_write`, CollectionNotFound."""
    access.require_collection_write(actor, collection)
    rows = Collection.objects.select_for_update(of=("self",)).select_related("namespace")
    found = rows.filter(pk=collection.pk).first()
    if found is None:
        raise CollectionNotFound
    return found


@transaction.atomic
def update_collection(
    *,
    actor: Actor,
    collection: Collection,
    title: str | None = None,
    description: str | None = None,
    private: bool | None = None,
    theme: str | None = None,
    position: int | None = None,
) -> Collection:
    """None leaves a thing as it is. position: among those of its owner. Raises Forbidden, BadCollection, CollectionExists."""
    found = _locked(actor, collection)
    _checked(title, description, theme)
    if title is not None:
        found.title = title.strip()
    if description is not None:
        found.description = description.strip()
    if private is not None:
        found.private = private
    if theme is not None:
        found.theme = theme
    found.updated_at = timezone.now()
    _save(actor, found)
    if position is not None:
        siblings = Collection.objects.filter(namespace=found.namespace).order_by("position", "pk")
        _put_in_order(list(siblings.select_for_update(of=("self",))), found, position)
        found.refresh_from_db(fields=["position"])
    return found


def _put_in_order(rows: list[Any], moved: Any, position: int) -> None:
    """Move one row to a place among the others, and number them all."""
    others = [row for row in rows if row.pk != moved.pk]
    others.insert(max(0, position), moved)
    changed = []
    for place, row in enumerate(others):
        if row.position != place:
            row.position = place
            changed.append(row)
    if changed:
        type(moved).objects.bulk_update(changed, ["position"])


@transaction.atomic
def delete_collection(*, actor: Actor, collection: Collection) -> None:
    """Raises Forbidden, CollectionNotFound."""
    _locked(actor, collection).delete()


def _target(actor: Actor, collection: Collection, kind: str, name: str) -> dict[str, Repository | Collection]:
    """What an item points at. Raises BadCollection, RepositoryNotFound, CollectionNotFound."""
    if kind in Kind.values:
        repository = registry_access.repository_for(actor, kind, name)
        registry_access.keep(repository)
        return {"repository": repository}
    if kind == "collection":
        child = access.collection_for(actor, name)
        if child.pk == collection.pk:
            raise BadCollection(_("A collection cannot be in itself."))
        return {"child": child}
    raise BadCollection(_("An item is a model, a dataset or a collection on this hub."))


@transaction.atomic
def add_item(*, actor: Actor, collection: Collection, kind: str, name: str, note: str = "") -> CollectionItem:
    """At its end. kind: "model", "dataset" or "collection"; name: namespace/name, or a collection's slug.

    Raises Forbidden, BadCollection, RepositoryNotFound, CollectionNotFound, ItemExists.
    """
    found = _locked(actor, collection)
    target = _target(actor, found, kind, name)
    note = _note(note)
    counted = found.items.aggregate(count=Count("pk"), last=Max("position"))
    if counted["count"] >= MOST_ITEMS:
        raise BadCollection(_("A collection holds at most %(most)s items.") % {"most": MOST_ITEMS})
    item, is_new = CollectionItem.objects.get_or_create(
        collection=found, **target,
        defaults={"note": note, "position": 0 if counted["last"] is None else counted["last"] + 1},
    )  # fmt: skip
    if not is_new:
        raise ItemExists(_("%(name)s is in this collection already.") % {"name": name}, details={"slug": found.slug})
    _touch(found)
    return item


def _touch(collection: Collection) -> None:
    collection.updated_at = timezone.now()
    collection.save(update_fields=["updated_at"])


def _item(actor: Actor, collection: Collection, public_id: str) -> CollectionItem:
    """Raises ItemNotFound, also for one that the actor may not see."""
    try:
        pk = int(public_id, 16)
    except ValueError:
        raise ItemNotFound from None
    found = visible_items(actor).filter(collection=collection, pk=pk).first() if 0 < pk < 2**63 else None
    if found is None:
        raise ItemNotFound
    return found


@transaction.atomic
def update_item(
    *, actor: Actor, collection: Collection, item: str, note: str | None = None, position: int | None = None
) -> CollectionItem:
    """item: its public id. position: among those that the actor sees. Raises Forbidden, ItemNotFound, BadCollection."""
    found = _locked(actor, collection)
    row = _item(actor, found, item)
    if note is not None:
        row.note = _note(note)
        row.save(update_fields=["note"])
    if position is not None:
        rows = list(CollectionItem.objects.filter(collection=found).order_by("position", "pk"))
        seen = visible_items(actor).filter(collection=found).exclude(pk=row.pk).order_by("position", "pk")
        shown = list(seen.values_list("pk", flat=True))
        others = [other.pk for other in rows if other.pk != row.pk]
        place = others.index(shown[position]) if 0 <= position < len(shown) else (0 if position < 0 else len(others))
        _put_in_order(rows, row, place)
    _touch(found)
    return row


@transaction.atomic
def remove_item(*, actor: Actor, collection: Collection, item: str) -> None:
    """item: its public id. Raises Forbidden, ItemNotFound."""
    found = _locked(actor, collection)
    _item(actor, found, item).delete()
    _touch(found)


@transaction.atomic
def upvote(*, actor: Actor, collection: Collection) -> bool:
    """Whether it was not so before. The actor knows of it. Raises Unauthenticated, Suspended, ReadOnlyToken."""
    user = actor.require_writer()
    if not Collection.objects.select_for_update(no_key=True).filter(pk=collection.pk).values_list("pk"):
        raise CollectionNotFound
    _row, is_new = CollectionUpvote.objects.get_or_create(user=user, collection=collection)
    if is_new:
        Collection.objects.filter(pk=collection.pk).update(upvotes=F("upvotes") + 1)
    return is_new


@transaction.atomic
def withdraw_upvote(*, actor: Actor, collection: Collection) -> bool:
    """Whether there was one. Raises as `upvote`."""
    user = actor.require_writer()
    if not Collection.objects.select_for_update(no_key=True).filter(pk=collection.pk).values_list("pk"):
        raise CollectionNotFound
    return bool(CollectionUpvote.objects.filter(user=user, collection=collection).delete()[0])


@receiver(post_delete, sender=CollectionUpvote)
def count_one_less(sender: object, instance: CollectionUpvote, **_: Any) -> None:
    """Also when the member leaves; of a collection that is deleted itself there is no row any more to change."""
    Collection.objects.filter(pk=instance.collection_id).update(upvotes=F("upvotes") - 1)


def visible_items(actor: Actor) -> QuerySet[CollectionItem]:
    """Of any collection, those whose repository or collection the reader may know of."""
    repositories = Repository.objects.visible_to(actor).values("pk")
    collections = Collection.objects.visible_to(actor).values("pk")
    return CollectionItem.objects.filter(Q(repository__in=repositories) | Q(child__in=collections))


def _with_targets(items: QuerySet[CollectionItem]) -> QuerySet[CollectionItem]:
    return items.select_related(
        "repository__namespace__user", "repository__namespace__organization", "child__namespace__user",
        "child__namespace__organization",
    )  # fmt: skip


def shown(actor: Actor, collection: Collection) -> Shown:
    """With all its items, numbered as the reader sees them."""
    items = list(_with_targets(visible_items(actor).filter(collection=collection)).order_by("position", "pk"))
    _number(items)
    mine = CollectionUpvote.objects.filter(collection=collection, user=actor.user) if actor.user else None
    return Shown(collection, items, len(items), is_upvoted=mine is not None and mine.exists())


def shown_in_lists(actor: Actor, collections: Sequence[Collection], *, most: int = 4) -> list[Shown]:
    """Each with its first items, and the number of all. Three queries, however many they are."""
    ids = [collection.pk for collection in collections]
    visible = visible_items(actor).filter(collection__in=ids)
    place = Window(RowNumber(), partition_by=F("collection"), order_by=["position", "pk"])
    first: dict[int, list[CollectionItem]] = defaultdict(list)
    for item in _with_targets(visible.annotate(place=place).filter(place__lte=most)).order_by("position", "pk"):
        first[item.collection_id].append(item)
    counts = dict(visible.order_by().values_list("collection").annotate(Count("pk")))
    mine: set[int] = set()
    if actor.user:
        upvoted = CollectionUpvote.objects.filter(collection__in=ids, user=actor.user)
        mine = set(upvoted.values_list("collection_id", flat=True))
    for items in first.values():
        _number(items)
    return [Shown(one, first.get(one.pk, []), counts.get(one.pk, 0), is_upvoted=one.pk in mine) for one in collections]


def _number(items: Sequence[CollectionItem]) -> None:
    """By what the reader sees: a gap would tell of what they may not see."""
    for place, item in enumerate(items):
        item.position = place


def holding(
    actor: Actor, *, repository: Repository | None = None, child: Collection | None = None
) -> CollectionQuerySet:
    """The collections that the reader may see with this in them."""
    inside = CollectionItem.objects.filter(repository=repository, child=child).values("collection")
    return Collection.objects.visible_to(actor).filter(pk__in=inside).for_lists()
