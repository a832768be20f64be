"""Which content a repository may refer to and serve: given by who uploaded it, kept a while until a commit names it."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import Actor
from models_registry.models import LfsObject, Repository, RepositoryLfsObject

_TOLD_ANEW_AFTER = timedelta(hours=6)


def possess(repository: Repository, lfs_objects: Iterable[LfsObject]) -> None:
    """Within a transaction that keeps the repository, and the rows of the content where nobody else may possess them."""
    RepositoryLfsObject.objects.bulk_create(
        [RepositoryLfsObject(repository=repository, lfs_object=row) for row in lfs_objects],
        update_conflicts=True,
        unique_fields=["repository", "lfs_object"],
        update_fields=["told_at"],
        batch_size=500,
    )


def available(actor: Actor, repository: Repository, hashes: Sequence[str]) -> set[str]:
    """Which of these contents a commit to this repository may name already: its own, and what the actor may read elsewhere."""
    own = RepositoryLfsObject.objects.filter(repository=repository)
    readable = RepositoryLfsObject.objects.filter(repository__in=Repository.objects.readable_by(actor))
    found = set()
    for start in range(0, len(hashes), 500):
        named = Q(lfs_object__sha256__in=hashes[start : start + 500])
        found |= set(own.filter(named).values_list("lfs_object__sha256", flat=True))
        found |= set(readable.filter(named).values_list("lfs_object__sha256", flat=True).distinct())
    return found


def told(actor: Actor, repository: Repository, hashes: Sequence[str]) -> None:
    """A client was told that it need not send these: they stay until it had the time to commit them."""
    now = timezone.now()
    own = Q(repository=repository) | Q(repository__in=Repository.objects.readable_by(actor).values("pk"))
    for start in range(0, len(hashes), 500):
        named = Q(lfs_object__sha256__in=hashes[start : start + 500])
        old = RepositoryLfsObject.objects.filter(own, named, told_at__lt=now - _TOLD_ANEW_AFTER)
        RepositoryLfsObject.objects.filter(pk__in=list(old.values_list("pk", flat=True))).update(told_at=now)
