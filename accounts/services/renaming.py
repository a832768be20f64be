"""Members and organisations get another name. The old one leads on, and nobody else can have it for a while."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import access
from accounts.errors import NamespaceNotFound, NameTaken
from accounts.events import namespace_renamed
from accounts.models import Actor, AuditEntry, Namespace, NamespaceRedirect
from accounts.services.accounts import check_name
from hub.errors import BadRequest, Forbidden, RateLimited

PAUSE = timedelta(days=30)


@transaction.atomic
def rename(*, actor: Actor, namespace: Namespace, name: str) -> Namespace:
    """By its owner. Back to a name of before at any time, else once in `PAUSE`; letters of another case are no change.

    Raises Forbidden, Invalid, NameTaken, RateLimited.
    """
    access.require_own(actor, namespace)
    current = _locked(namespace)
    is_back = current.redirects.filter(old_key=name.lower()).exists()
    is_soon = current.redirects.filter(created_at__gt=timezone.now() - PAUSE).exists()
    if is_soon and not is_back and name.lower() != current.key:
        raise RateLimited(_("A name can be changed once in %(days)s days.") % {"days": PAUSE.days})
    return _rename(actor, current, name)


@transaction.atomic
def rename_by_maintainer(
    *, actor: Actor, namespace: Namespace, name: str, reason: str, free: bool = False
) -> Namespace:
    """Take a squatted name from who bears it. free: anybody can have the old name at once, and it leads nowhere.

    Raises Forbidden, also for a name of staff; Invalid, NameTaken; BadRequest without a reason.
    """
    maintainer = actor.require_permission("accounts.rename_namespace")
    if not reason.strip():
        raise BadRequest(_("Say why the name is taken away."))
    current = _locked(namespace)
    if current.user is not None and current.user.is_staff and not maintainer.is_superuser:
        raise Forbidden(_("Staff are moderated by a superuser alone."))
    old_name = current.name
    renamed = _rename(actor, current, name, reason=reason)
    if free and old_name.lower() != name.lower():
        free_name(actor=actor, name=old_name, reason=reason)
    return renamed


@transaction.atomic
def free_name(*, actor: Actor, name: str, reason: str) -> None:
    """A maintainer's act: a name that was given up can be taken again, and leads nowhere. Raises Forbidden, NamespaceNotFound."""
    actor.require_permission("accounts.rename_namespace")
    if not NamespaceRedirect.objects.filter(old_key=name.lower()).delete()[0]:
        raise NamespaceNotFound(_("Nobody has given up the name %(name)r.") % {"name": name})
    AuditEntry.objects.record(actor, "namespace.freed", name, reason=reason)


def _locked(namespace: Namespace) -> Namespace:
    rows = Namespace.objects.select_for_update(of=("self",)).select_related("user", "organization")
    current = rows.filter(pk=namespace.pk).first()
    if current is None:
        raise NamespaceNotFound(_("%(namespace)s has just been deleted.") % {"namespace": namespace.name})
    return current


def _rename(actor: Actor, namespace: Namespace, name: str, **details: str) -> Namespace:
    check_name(name)
    old_name = namespace.name
    if name == old_name:
        return namespace
    namespace.name = name
    try:
        with transaction.atomic():
            namespace.save(update_fields=["name"])
            if namespace.user is not None:
                namespace.user.username = name
                namespace.user.save(update_fields=["username"])
    except IntegrityError:
        raise NameTaken(_("The name %(name)r is taken.") % {"name": name}) from None
    if name.lower() != old_name.lower():
        NamespaceRedirect.objects.take(name, by=namespace)
        NamespaceRedirect.objects.hold(old_name, leads_to=namespace)
    namespace.refresh_from_db(fields=["key"])
    AuditEntry.objects.record(actor, "namespace.renamed", old_name, namespace=namespace, to=name, **details)
    namespace_renamed.send(sender=Namespace, namespace=namespace, old_name=old_name)
    return namespace
