"""Which content a repository may refer to and serve: given by who uploaded it, kept a while until a commit names it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import Actor
from hub.batches import batches
from models_registry.models import LfsObject, Repository, RepositoryLfsObject

_TOLD_ANEW_AFTER = timedelta(hours=6)
_AT_ONCE = 500


def possess(repository: Repository, lfs_objects: Iterable[LfsObject]) -> None:
    """Within a transaction that keeps the repository, and the rows of the content where nobody else may possess them."""
    RepositoryLfsObject.objects.bulk_create(
        [RepositoryLfsObject(repository=repository, lfs_object=row) for row in lfs_objects],
        update_conflicts=True,
        unique_fields=["repository", "lfs_object"],
        update_fields=["told_at"],
        batch_size=_AT_ONCE,
    )


def claimed(actor: Actor, repository: Repository, hashes: Sequence[str]) -> dict[str, LfsObject]:
    """Of these contents (SHA-256), those that a commit to this repository may name; they are its own from now on.

    Within the transaction of the commit. What is not in the answer was never verified, or is private elsewhere.
    """
    found: dict[str, LfsObject] = {}
    for some in batches(hashes, _AT_ONCE):
        own = LfsObject.objects.filter(sha256__in=some, possessions__repository=repository)
        found |= {row.sha256: row for row in own}
        missing = [sha256 for sha256 in some if sha256 not in found]
        if missing:
            readable = Repository.objects.readable_by(actor)
            copied = LfsObject.objects.filter(sha256__in=missing, possessions__repository__in=readable).distinct()
            copies = {row.sha256: row for row in copied}
            RepositoryLfsObject.objects.bulk_create(
                [RepositoryLfsObject(repository=repository, lfs_object=row) for row in copies.values()],
                ignore_conflicts=True,
            )
            found |= copies
    return found


def note_places(repository: Repository, places: Mapping[str, str], reference: str) -> None:
    """Remember where a commit on `reference` put large files, for the list of them. places: {SHA-256: path}."""
    for some in batches(places, _AT_ONCE):
        own = RepositoryLfsObject.objects.filter(repository=repository, lfs_object__sha256__in=some)
        rows = list(own.select_related("lfs_object"))
        for row in rows:
            row.path, row.reference = places[row.lfs_object.sha256], reference
        RepositoryLfsObject.objects.bulk_update(rows, ["path", "reference"])


def available(actor: Actor, repository: Repository, hashes: Sequence[str]) -> set[str]:
    """Which of these contents a commit to this repository may name already: its own, and what the actor may read elsewhere."""
    own = RepositoryLfsObject.objects.filter(repository=repository)
    readable = RepositoryLfsObject.objects.filter(repository__in=Repository.objects.readable_by(actor))
    found = set()
    for some in batches(hashes, _AT_ONCE):
        named = Q(lfs_object__sha256__in=some)
        found |= set(own.filter(named).values_list("lfs_object__sha256", flat=True))
        found |= set(readable.filter(named).values_list("lfs_object__sha256", flat=True).distinct())
    return found


def told(actor: Actor, repository: Repository, hashes: Sequence[str]) -> None:
    """A client was told that it need not send these: they stay until it had the time to commit them."""
    now = timezone.now()
    own = Q(repository=repository) | Q(repository__in=Repository.objects.readable_by(actor).values("pk"))
    for some in batches(hashes, _AT_ONCE):
        named = Q(lfs_object__sha256__in=some)
        old = RepositoryLfsObject.objects.filter(own, named, told_at__lt=now - _TOLD_ANEW_AFTER)
        RepositoryLfsObject.objects.filter(pk__in=list(old.values_list("pk", flat=True))).update(told_at=now)
