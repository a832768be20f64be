"""Whether a commit is still the head of the default branch: what is taken from another one is of no use any more."""

from models_registry.models import Reference, Repository


def is_head(repository: Repository, oid: str) -> bool:
    name = f"refs/heads/{repository.default_branch}"
    return Reference.objects.filter(repository=repository, name=name, target=oid).exists()


def is_head_locked(repository: Repository, oid: str) -> bool:
    """The same within a transaction, until whose end no other job writes what it has read of this repository."""
    there = Repository.objects.select_for_update(no_key=True).filter(pk=repository.pk).values_list("pk")
    return bool(there) and is_head(repository, oid)
