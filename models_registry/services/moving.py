"""Repositories renamed, or given to another namespace; their old address leads on."""

from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Actor, AuditEntry, Namespace
from accounts.services.accounts import keep, namespace_named
from hub.errors import Conflict
from models_registry import access
from models_registry.errors import RepositoryExists, RepositoryNotFound
from models_registry.events import repository_moved
from models_registry.models import Kind, Repository, RepositoryRedirect
from models_registry.services.repositories import check_name, full_key


@transaction.atomic
def move_repository(*, actor: Actor, repository: Repository, namespace: str, name: str) -> Repository:
    """Give it another name, another namespace, or both. It takes the right to administer it, and to create there.

    Raises BadName, NamespaceNotFound, Forbidden, RepositoryExists.
    """
    check_name(name)
    access.require_administration(actor, repository)
    target = namespace_named(namespace)
    if target.pk != repository.namespace_id:
        access.require_creation(actor, target)
        keep(target)
    # Whoever is writing to it comes first, and the row says what it is called by now.
    locked = Repository.objects.select_for_update(of=("self",)).select_related("namespace")
    current = locked.filter(pk=repository.pk).first()
    if current is None:
        raise RepositoryNotFound(_("The repository has just been deleted."))
    old_namespace, old_key, old_name = current.namespace, current.key, current.full_name
    current.namespace, current.name, current.full_key = target, name, full_key(target, name)
    try:
        with transaction.atomic():
            current.save(update_fields=["namespace", "name", "full_key"])
    except IntegrityError:
        raise RepositoryExists(
            _("A %(kind)s repository called %(target)s/%(name)s already exists")
            % {"kind": Kind(current.kind).in_words, "target": target.name, "name": name}
        ) from None
    RepositoryRedirect.objects.filter(namespace=target, kind=current.kind, key=name.lower()).delete()
    if (old_namespace.pk, old_key) != (target.pk, name.lower()):
        RepositoryRedirect.objects.update_or_create(
            namespace=old_namespace, kind=current.kind, key=old_key, defaults={"repository": current}
        )
    AuditEntry.objects.record(
        actor, "repository.moved", old_name, namespace=old_namespace, kind=current.kind, to=current.full_name
    )
    if target != old_namespace:
        AuditEntry.objects.record(
            actor, "repository.received", current.full_name, namespace=target, kind=current.kind, was=old_name
        )
    current.refresh_from_db()
    repository_moved.send(
        sender=Repository, repository=current, old_namespace=old_namespace, old_name=old_name.partition("/")[2]
    )
    return current


def follow_namespace(namespace: Namespace) -> None:
    """It has another name now, and so have all its repositories."""
    name = Concat(Value(f"{namespace.name.lower()}/"), F("key"))
    Repository.objects.filter(namespace=namespace).update(full_key=name)


def require_nothing_in(namespace: Namespace) -> None:
    """Raises Conflict: an organisation goes when its repositories are deleted or given away."""
    count = Repository.objects.filter(namespace=namespace).count()
    if count:
        words = ngettext(
            "%(namespace)s still has %(count)s repository: delete or transfer what is there first.",
            "%(namespace)s still has %(count)s repositories: delete or transfer what is there first.",
            count,
        )
        raise Conflict(words % {"namespace": namespace.name, "count": count})
