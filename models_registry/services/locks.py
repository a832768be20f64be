"""Locks of git-lfs: who works on a file that cannot be merged."""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.models import Actor
from hub.errors import Forbidden, NotFound, TooLarge
from models_registry import access
from models_registry.errors import AlreadyLocked
from models_registry.models import LfsLock, Repository
from models_registry.services.changes import checked_path

MOST_LOCKS = 10_000  # of a repository


def listed(*, actor: Actor, repository: Repository) -> QuerySet[LfsLock]:
    """In the order they were made. Raises GatedRepository."""
    access.require_read(actor, repository)
    return LfsLock.objects.filter(repository=repository).select_related("owner").order_by("pk")


@transaction.atomic
def lock(*, actor: Actor, repository: Repository, path: str) -> LfsLock:
    """Raises Forbidden, BadPath, AlreadyLocked, TooLarge."""
    access.require_write(actor, repository)
    checked_path(path)
    access.keep(repository)
    if LfsLock.objects.filter(repository=repository).count() >= MOST_LOCKS:
        raise TooLarge(f"A repository may have {MOST_LOCKS} locks.")
    try:
        with transaction.atomic():
            return LfsLock.objects.create(repository=repository, path=path, owner=actor.require_user())
    except IntegrityError:
        held = LfsLock.objects.select_related("owner").get(repository=repository, path=path)
        raise AlreadyLocked(f"{path} is locked by {held.owner.username}.") from None


@transaction.atomic
def unlock(*, actor: Actor, repository: Repository, number: int, force: bool) -> LfsLock:
    """One's own lock; with `force`, and the right to administer the repository, anybody's. Raises Forbidden, NotFound."""
    access.require_write(actor, repository)
    found = LfsLock.objects.filter(repository=repository, pk=number).select_related("owner").first()
    if found is None:
        raise NotFound(f"There is no lock {number}.")
    if found.owner != actor.user:
        if not force:
            raise Forbidden(f"{found.path} is locked by {found.owner.username}: --force takes it from them.")
        access.require_administration(actor, repository)
    LfsLock.objects.filter(pk=number).delete()
    return found
