from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from models_registry.models.fields import HashField
from models_registry.models.repository import Repository


class ObjectKind(models.IntegerChoices):
    """The type numbers of git's pack format."""

    COMMIT = 1
    TREE = 2
    BLOB = 3
    TAG = 4


class ReferenceQuerySet(models.QuerySet["Reference"]):
    def branches(self) -> ReferenceQuerySet:
        return self.filter(name__startswith="refs/heads/")

    def tags(self) -> ReferenceQuerySet:
        return self.filter(name__startswith="refs/tags/")

    def shown(self) -> ReferenceQuerySet:
        """Branches, tags and pull requests. Others only keep what they point at from being collected."""
        names = Q(name__startswith="refs/heads/") | Q(name__startswith="refs/tags/") | Q(name__startswith="refs/pr/")
        return self.filter(names)

    def compare_and_swap(self, reference: Reference, target: str) -> bool:
        """Move to `target` if it still is where `reference` was read."""
        return self.filter(pk=reference.pk, target=reference.target).update(target=target) == 1


class Reference(models.Model):
    """A branch, tag or pull request's head. `target`: a commit's id, or an annotated tag's."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="references", db_index=False)
    name = models.CharField(max_length=255)
    target = HashField(20)

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "name"], name="reference_once_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def short_name(self) -> str:
        """`main` of `refs/heads/main`, `pr/3` of `refs/pr/3`."""
        return self.name.removeprefix("refs/").removeprefix("heads/").removeprefix("tags/")


class BlobContent(models.Model):
    """Where the content of a large regular file lies in storage: a row of its own, so that garbage collection sees it."""

    key = models.CharField(max_length=200, unique=True)
    size = models.PositiveBigIntegerField(help_text="Stored bytes: a zlib stream.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key


class GitObject(models.Model):
    """A commit, tree, blob or annotated tag, by its real git id.

    `data` is the zlib stream that a pack wants. Trees, commits and tags always lie in the row; the content of a file over
    1 MiB lies in storage. `lfs_sha256`, `lfs_size`: what a blob that is an LFS pointer points to. `unreachable_since`: when
    a collection of garbage first found that no reference leads here any more.
    """

    pk = models.CompositePrimaryKey("repository_id", "oid")
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="git_objects", db_index=False)
    oid = HashField(20)
    kind = models.PositiveSmallIntegerField(choices=ObjectKind.choices)
    size = models.PositiveBigIntegerField(help_text="Inflated bytes, without git's header.")
    data: models.BinaryField[Any, bytes | None] = models.BinaryField(null=True)
    content = models.ForeignKey(BlobContent, models.PROTECT, null=True, related_name="git_objects")
    lfs_sha256 = HashField(32, null=True)
    lfs_size = models.PositiveBigIntegerField(null=True)
    batch = models.BigIntegerField()
    unreachable_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="git_object_has_its_bytes_in_one_place",
                condition=Q(data__isnull=False, content__isnull=True) | Q(data__isnull=True, content__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["repository", "batch"], name="git_object_by_batch"),
            models.Index(fields=["lfs_sha256"], name="git_object_by_lfs", condition=Q(lfs_sha256__isnull=False)),
            models.Index(
                fields=["repository", "unreachable_since"],
                name="git_object_unreachable",
                condition=Q(unreachable_since__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.oid}"


class Commit(models.Model):
    """A commit as lists show it; the git object of the same id is the truth it was taken from."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="commits", db_index=False)
    oid = HashField(20)
    tree = HashField(20)
    first_parent = HashField(20, null=True)
    parents: models.JSONField[Any, list[str]] = models.JSONField(default=list)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=200)
    title = models.CharField(max_length=500)
    body = models.TextField(blank=True)
    committed_at = models.DateTimeField()
    listed_at = models.DateTimeField(
        help_text="The latest of its own time and its ancestors': a child never stands below."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "oid"], name="commit_once_per_repository")]
        indexes = [models.Index(fields=["repository", "-listed_at", "-id"], name="commit_in_order")]

    def __str__(self) -> str:
        return f"{self.oid[:12]} {self.title}"


class FolderHistory(models.Model):
    """For one folder as a commit left it: which commit last changed each entry.

    `data`: zlib of JSON {entry name: commit id}, copied forward from the folder's map before. There is one for each folder
    a commit touched, so a folder's current map is found by walking down from the root's (`services.history`).
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="+", db_index=False)
    commit = HashField(20)
    path = models.CharField(max_length=4096, blank=True)
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "commit", "path"], name="folder_history_once_per_commit")
        ]

    def __str__(self) -> str:
        return f"{self.commit[:12]}:{self.path}"
