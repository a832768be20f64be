"""The tags of a repository: rows to be narrowed by, and words to be searched."""

from collections.abc import Iterable

from models_registry.models import Repository, RepositoryTag

MOST_SEARCHED = 10_000  # characters


def write(repository: Repository, tags: Iterable[str]) -> None:
    """In the place of those that it had."""
    written = list(dict.fromkeys(tags))
    RepositoryTag.objects.filter(repository=repository).delete()
    RepositoryTag.objects.bulk_create(RepositoryTag(repository=repository, tag=tag) for tag in written)
    Repository.objects.filter(pk=repository.pk).update(tag_words=searched(written))


def searched(tags: Iterable[str]) -> str:
    """The words among them, in lower case: some databases know that of ASCII alone.

    `license:mit` and the like are for filters: half of what is typed would find them.
    """
    return " ".join(tag.lower() for tag in tags if ":" not in tag)[:MOST_SEARCHED]
