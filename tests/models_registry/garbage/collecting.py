"""What is thrown away in these tests, and how it is collected."""

import hashlib
from datetime import timedelta

import urllib3
from django.utils import timezone

from accounts.models import Actor
from models_registry.models import GarbageMark, GitObject, LfsObject, Reference, Repository, RepositoryLfsObject, Xorb
from models_registry.services import garbage, references, uploads
from models_registry.services.changes import AddLfsFile
from models_registry.services.commits import create_commit
from models_registry.storage import s3

WEEK = timedelta(days=7)
NOW = timedelta()


def collect(grace: timedelta = NOW, repository: Repository | None = None, *, dry_run: bool = False) -> dict[str, int]:
    """How many of each kind went."""
    amounts, ended = garbage.collect(garbage.Plan(grace, dry_run=dry_run, trust_rows=True), repository=repository)
    assert ended
    return dict(amounts.counts)


def side_branch(repository: Repository, name: str = "side") -> Reference:
    return references.create_branch(actor=Actor(user=repository.creator), repository=repository, name=name)


def delete_branch(repository: Repository, name: str = "side") -> None:
    references.delete_branch(actor=Actor(user=repository.creator), repository=repository, name=name)


def pass_time(days: int = 8) -> None:
    """All that was noted so far is older by so many days."""
    past = timezone.now() - timedelta(days=days)
    GitObject.objects.filter(unreachable_since__isnull=False).update(unreachable_since=past)
    RepositoryLfsObject.objects.update(told_at=past)
    GarbageMark.objects.update(marked_at=past)


def forget_announcements() -> None:
    """No client remembers a xorb any more."""
    Xorb.objects.update(announced_until=timezone.now() - timedelta(days=1))


def upload(repository: Repository, content: bytes) -> LfsObject:
    """A plain upload that was finished, and not committed."""
    sha256 = hashlib.sha256(content).hexdigest()
    [planned] = uploads.plan(
        actor=Actor(user=repository.creator), repository=repository, wanted=[(sha256, len(content))], multipart=False
    )
    if planned.session is None:
        return LfsObject.objects.get(sha256=sha256)
    assert urllib3.request("PUT", planned.put_address, body=content).status == 200
    return uploads.finish(planned.session)


def commit_large(repository: Repository, sha256: str, path: str = "model.bin", branch: str = "main") -> str:
    return create_commit(
        actor=Actor(user=repository.creator), repository=repository, branch=branch, parent=None,
        changes=[AddLfsFile(path, sha256)], title="a large file",
    ).oid  # fmt: skip


def stored(key: str) -> bool:
    return s3.size_of(key) is not None
