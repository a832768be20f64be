"""Asks the querysets that hold the rule (`models/`) and raises the right refusal."""

import re

from django.db.models import Q

from accounts.models import Actor, Namespace, Role, TokenRole
from hub.errors import Forbidden
from models_registry.community.errors import CollectionNotFound
from models_registry.community.models import Collection

_ID = re.compile(r"(?:^|-)0{8}([0-9a-f]{16})\Z")


def collection_for(actor: Actor, slug: str) -> Collection:
    """The collection of that address, if this actor may know of it: the name of its owner, now or once, and its id.

    Raises CollectionNotFound; a private one and a missing one look alike.
    """
    owner, _, name = slug.partition("/")
    found = _ID.search(name)
    if found and (pk := int(found[1], 16)) < 2**63:
        named = Namespace.objects.filter(Q(key=owner.lower()) | Q(redirects__old_key=owner.lower())).values("pk")
        visible = Collection.objects.visible_to(actor).for_lists()
        if collection := visible.filter(pk=pk, namespace__in=named).first():
            return collection
    raise CollectionNotFound


def require_collection_write(actor: Actor, collection: Collection) -> None:
    """May this actor change it? Raises Unauthenticated, Suspended, ReadOnlyToken, Forbidden."""
    actor.require_writer()
    if not Collection.objects.filter(pk=collection.pk).writable_by(actor).exists():
        raise Forbidden(f"You may not change collections of {collection.namespace.name} with this account or token.")


def require_collection_in(actor: Actor, namespace: Namespace) -> None:
    """May this actor make a collection there? Raises as `require_collection_write`."""
    actor.require_writer()
    opened = not (actor.token and actor.token.role == TokenRole.FINE_GRAINED) or namespace.pk in (
        actor.token.scoped_ids("write", "namespace")
    )
    if not (opened and actor.namespaces(Role.WRITE).filter(pk=namespace.pk).exists()):
        raise Forbidden(f"You may not make collections for {namespace.name} with this account or token.")
