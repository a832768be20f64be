"""Collections of repositories: made, filled, put in order."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q
from rest_framework.response import Response

from accounts.models import Namespace
from accounts.requests import ActorApiRequest
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import describe, text
from hub.wire.pagination import next_link, page_limit
from hub.wire.views import HubApiView, json_object
from models_registry import access as registry_access
from models_registry.community import access
from models_registry.community.errors import CollectionNotFound
from models_registry.community.models import Collection, CollectionItem
from models_registry.community.services import collections
from models_registry.community.services.collections import Shown
from models_registry.errors import RepositoryMoved, RepositoryNotFound
from models_registry.hf_api.shapes import collections as shapes
from models_registry.hf_api.views import kind_of
from models_registry.services import listing
from models_registry.services.listing import Order

_SORTS = {"lastModified": Order("updated_at", datetime), "upvotes": Order("upvotes", int)}
_SORTS["trending"] = _SORTS["upvotes"]
_MOST_CONDITIONS = 20
_IN_NONE = {"spaces", "papers", "kernels", "buckets"}  # asked for by `item`, and no collection here holds any


@rate_limits.under(writes="collection")
class CollectionList(HubApiView):
    @describe(
        answer=shapes.Collection(many=True), paged=True,
        query=[
            text("owner", "Of this member or organisation; may be given several times, and any will do."),
            text("item", "With this in it, such as models/namespace/name; may be given several times."),
            text("sort", "lastModified, upvotes or trending, downwards."),
        ],
    )  # fmt: skip
    def get(self, request: ActorApiRequest) -> Response:
        """Collections, each with its first four items."""
        asked = request.query_params
        order = _SORTS.get(asked.get("sort") or "lastModified")
        if order is None:
            raise BadRequest(f"sort must be one of {', '.join(_SORTS)}.")
        found = Collection.objects.visible_to(request.actor).for_lists()
        if owners := _several(request, "owner"):
            keys = [name.lower() for name in owners]
            named = Namespace.objects.filter(Q(key__in=keys) | Q(redirects__old_key__in=keys))
            found = found.filter(namespace__in=named.values("pk"))
        if items := _several(request, "item"):
            found = found.filter(pk__in=_holding(request, items))
        limit = page_limit(request, default=100, most=100)
        rows, cursor = listing.page(found, order, cursor=asked.get("cursor", ""), limit=limit)
        answer = [_described(one) for one in collections.shown_in_lists(request.actor, rows)]
        for one in answer:
            del one["position"]  # the client counts by itself, and refuses another's numbers
        return Response(answer, headers=next_link(request, cursor))

    @describe(body=shapes.NewCollection, answer=shapes.Collection, refuses=[409])
    def post(self, request: ActorApiRequest) -> Response:
        """Make a collection. If its owner has one of that title, the refusal names the slug of it."""
        body = json_object(request)
        title, namespace = _word(body, "title"), _word(body, "namespace")
        if not title:
            raise BadRequest("A collection needs a title.")
        made = collections.create_collection(
            actor=request.actor,
            namespace=namespace or request.actor.require_user().username,
            title=title,
            description=_word(body, "description") or "",
            private=_flag(body, "private") or False,
        )
        return Response(_described(collections.shown(request.actor, made)))


class CollectionView(HubApiView):
    @describe(answer=shapes.Collection)
    def get(self, request: ActorApiRequest, namespace: str, slug: str) -> Response:
        """A collection with all that the asker may see of it."""
        found = access.collection_for(request.actor, f"{namespace}/{slug}")
        return Response(_described(collections.shown(request.actor, found)))

    @describe(body=shapes.CollectionChange, answer=shapes.Changed, refuses=[409])
    def patch(self, request: ActorApiRequest, namespace: str, slug: str) -> Response:
        """Change what is named, leave the rest."""
        found = access.collection_for(request.actor, f"{namespace}/{slug}")
        body = json_object(request)
        changed = collections.update_collection(
            actor=request.actor, collection=found, title=_word(body, "title"), description=_word(body, "description"),
            private=_flag(body, "private"), theme=_word(body, "theme"), position=_number(body, "position"),
        )  # fmt: skip
        return Response({"success": True, "data": _described(collections.shown(request.actor, changed))})

    @describe()
    def delete(self, request: ActorApiRequest, namespace: str, slug: str) -> Response:
        """Delete a collection; what was in it stays where it is."""
        found = access.collection_for(request.actor, f"{namespace}/{slug}")
        collections.delete_collection(actor=request.actor, collection=found)
        return Response({"success": True})


class Items(HubApiView):
    @describe(body=shapes.NewItem, answer=shapes.Collection, refuses=[409])
    def post(self, request: ActorApiRequest, namespace: str, slug: str) -> Response:
        """Put something at the end of a collection."""
        found = access.collection_for(request.actor, f"{namespace}/{slug}")
        body = json_object(request)
        item = body.get("item")
        if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not isinstance(item.get("type"), str):
            raise BadRequest('An item reads {"id": "namespace/name", "type": "model"}.')
        note = body.get("note")
        if isinstance(note, dict):
            note = note.get("text")
        collections.add_item(
            actor=request.actor, collection=found, kind=item["type"], name=item["id"],
            note=note if isinstance(note, str) else "",
        )  # fmt: skip
        found.refresh_from_db(fields=["updated_at"])
        return Response(_described(collections.shown(request.actor, found)))


class Item(HubApiView):
    @describe(body=shapes.ItemChange)
    def patch(self, request: ActorApiRequest, namespace: str, slug: str, item: str) -> Response:
        """Change its note, or its place among those that the asker sees."""
        found = access.collection_for(request.actor, f"{namespace}/{slug}")
        body = json_object(request)
        collections.update_item(
            actor=request.actor, collection=found, item=item, note=_word(body, "note"),
            position=_number(body, "position"),
        )  # fmt: skip
        return Response({"success": True})

    @describe()
    def delete(self, request: ActorApiRequest, namespace: str, slug: str, item: str) -> Response:
        """Take it out of the collection."""
        found = access.collection_for(request.actor, f"{namespace}/{slug}")
        collections.remove_item(actor=request.actor, collection=found, item=item)
        return Response({"success": True})


@rate_limits.under(writes="like")
class Upvote(HubApiView):
    """Find a collection good, or no longer; twice is once."""

    @describe(answer=shapes.Upvoted)
    def post(self, request: ActorApiRequest, namespace: str, slug: str) -> Response:
        found = access.collection_for(request.actor, f"{namespace}/{slug}")
        collections.upvote(actor=request.actor, collection=found)
        return _upvoted(found, True)

    @describe(answer=shapes.Upvoted)
    def delete(self, request: ActorApiRequest, namespace: str, slug: str) -> Response:
        found = access.collection_for(request.actor, f"{namespace}/{slug}")
        collections.withdraw_upvote(actor=request.actor, collection=found)
        return _upvoted(found, False)


def _upvoted(collection: Collection, is_upvoted: bool) -> Response:
    collection.refresh_from_db(fields=["upvotes"])
    return Response({"upvoted": is_upvoted, "upvotes": collection.upvotes})


def _several(request: ActorApiRequest, name: str) -> list[str]:
    values = [value for value in request.query_params.getlist(name) if value]
    if len(values) > _MOST_CONDITIONS:
        raise BadRequest(f"{name} may be given {_MOST_CONDITIONS} times at most.")
    return values


def _holding(request: ActorApiRequest, items: list[str]) -> Any:
    """Ids of the collections that hold one of them at least; what the asker may not know of is in none."""
    wanted = Q(pk__in=[])
    for written in items:
        plural, _, name = written.partition("/")
        if plural in _IN_NONE:
            continue
        try:
            if plural == "collections":
                wanted |= Q(items__child=access.collection_for(request.actor, name))
            else:
                wanted |= Q(items__repository=registry_access.repository_for(request.actor, kind_of(plural), name))
        except (CollectionNotFound, RepositoryNotFound, RepositoryMoved):
            continue
    return Collection.objects.filter(wanted).values("pk")


def _word(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name} must be text.")
    return value


def _flag(body: dict[str, Any], name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"{name} must be true or false.")
    return value


def _number(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is not None and (type(value) is not int or not 0 <= value < 2**31):
        raise BadRequest(f"{name} must be a number from 0 on.")
    return value


def _described(shown: Shown) -> dict[str, Any]:
    collection = shown.collection
    answer = {
        "_id": collection.public_id,
        "slug": collection.slug,
        "title": collection.title,
        "description": collection.description,
        "owner": _owner(collection),
        "items": [_item(item) for item in shown.items],
        "numberItems": shown.count,
        "lastUpdated": collection.updated_at,
        "position": collection.position,
        "private": collection.private,
        "theme": collection.theme,
        "upvotes": collection.upvotes,
        "isUpvotedByUser": shown.is_upvoted,
        "gating": False,
        "shareUrl": f"{settings.BASE_URL}{collection.get_absolute_url()}",
    }
    if not collection.description:
        del answer["description"]
    return answer


def _owner(collection: Collection) -> dict[str, Any]:
    namespace = collection.namespace
    return {
        "_id": namespace.public_id,
        "name": namespace.name,
        "fullname": namespace.display_name,
        "avatarUrl": "",
        "type": "org" if namespace.is_organization else "user",
    }


def _item(item: CollectionItem) -> dict[str, Any]:
    answer: dict[str, Any] = {"_id": item.public_id, "position": item.position}
    if item.note:
        answer["note"] = {"text": item.note}
    if item.child is not None:
        child = item.child
        return answer | {
            "id": child.public_id, "type": "collection", "slug": child.slug, "title": child.title,
            "owner": _owner(child), "upvotes": child.upvotes, "lastUpdated": child.updated_at,
            "shareUrl": f"{settings.BASE_URL}{child.get_absolute_url()}",
        }  # fmt: skip
    repository = item.repository
    assert repository is not None
    return answer | {
        "id": repository.full_name, "type": repository.kind, "author": repository.namespace.name,
        "private": repository.private, "gated": repository.gated or False, "likes": repository.likes,
        "downloads": repository.downloads, "lastModified": repository.updated_at,
        "pipeline_tag": repository.task or None,
    }  # fmt: skip
