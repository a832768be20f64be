from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Namespace
from models_registry.models.fields import HashField
from models_registry.models.repository import Repository


class LfsObject(models.Model):
    """Content of a large file, once for the whole hub. The hub itself has read and hashed the bytes before a row exists.

    It lies plainly under `plain_key`, or in chunks as `xet_file`, or both. `copy_used_at`: the plain one is a copy, which
    the hub made because it was asked for much, or which came before the chunks; it was last used then, and may go.
    """

    sha256 = HashField(32, unique=True)
    size = models.PositiveBigIntegerField()
    plain_key = models.CharField(max_length=200, null=True, unique=True)  # noqa: DJ001 - null: there is no plain copy
    xet_file = models.OneToOneField("XetFile", models.PROTECT, null=True, related_name="lfs_object")
    copy_used_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="lfs_object_lies_somewhere", condition=Q(plain_key__isnull=False) | Q(xet_file__isnull=False)
            ),
            models.CheckConstraint(
                name="plain_copy_is_one_of_two",
                condition=Q(copy_used_at__isnull=True) | Q(plain_key__isnull=False, xet_file__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["copy_used_at"], name="plain_copy_by_use", condition=Q(copy_used_at__isnull=False))
        ]

    def __str__(self) -> str:
        return self.sha256

    @property
    def is_read_plainly(self) -> bool:
        """Whether readers are led to the plain object. Where no copies are kept, to none that is on its way out."""
        return bool(self.plain_key) and (self.copy_used_at is None or settings.PLAIN_COPY == "hot")


class RepositoryLfsObject(models.Model):
    """Possession: this repository may refer to this content and serve it. Knowing a hash is not possession.

    `path`, `reference`: where a commit last put it, for lists; empty where nobody said so.
    `told_at`: when a client last uploaded it, or was told that it need not. Until a commit names it, that keeps it a while.
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="possessions", db_index=False)
    lfs_object = models.ForeignKey(LfsObject, models.CASCADE, related_name="possessions")
    path = models.CharField(max_length=4096, blank=True)
    reference = models.CharField(max_length=255, blank=True)
    told_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "lfs_object"], name="possession_once_per_repository")
        ]

    def __str__(self) -> str:
        return f"{self.repository} has {self.lfs_object}"


class ServedBytes(models.Model):
    """How much of a content went out by plain HTTP within one hour: what is asked for much may get a plain copy."""

    lfs_object = models.ForeignKey(LfsObject, models.CASCADE, related_name="served", db_index=False)
    hour = models.DateTimeField(db_index=True)
    size = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lfs_object", "hour"], name="served_bytes_once_per_hour")]

    def __str__(self) -> str:
        return f"{self.size} of {self.lfs_object}"


class LfsLock(models.Model):
    """Word to others that somebody works on a file that cannot be merged. Advice: git-lfs shows it, the hub enforces nothing."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="lfs_locks")
    path = models.CharField(max_length=1024)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    locked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "path"], name="lfs_lock_once_per_path")]

    def __str__(self) -> str:
        return f"{self.path}, by {self.owner}"


class UploadSession(models.Model):
    """One plain upload under way, with a storage key of its own: a presigned address stays writable until it expires."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="upload_sessions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    sha256 = HashField(32)
    size = models.PositiveBigIntegerField()
    key = models.CharField(max_length=200, unique=True)
    multipart_id = models.CharField(max_length=1100, blank=True)
    failure = models.CharField(max_length=500, blank=True, help_text="Why what arrived was refused.")
    expires_at = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.sha256} into {self.repository}"


class Xorb(models.Model):
    """A stored sequence of compressed chunks, validated by the hub. It may not go before `announced_until`.

    `chunk_table`: 40 bytes a chunk (see `formats.xorb`).
    """

    hash = HashField(32, unique=True)
    key = models.CharField(max_length=200, unique=True)
    packed_size = models.PositiveIntegerField()
    unpacked_size = models.PositiveIntegerField()
    chunk_count = models.PositiveIntegerField()
    chunk_table = models.BinaryField()
    announced_until = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.hash


class XorbHolder(models.Model):
    """Who sent a xorb: within its own namespaces a client may learn what is stored."""

    xorb = models.ForeignKey(Xorb, models.CASCADE, related_name="holders", db_index=False)
    namespace = models.ForeignKey(Namespace, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["xorb", "namespace"], name="xorb_holder_once")]

    def __str__(self) -> str:
        return f"{self.namespace} holds {self.xorb}"


class XetFile(models.Model):
    """A file as an ordered list of terms; its identity is the Merkle hash of its chunks."""

    hash = HashField(32, unique=True)
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    lfs_object: LfsObject

    def __str__(self) -> str:
        return self.hash


class XetTerm(models.Model):
    """Chunks [chunk_start, chunk_end) of a xorb, standing at `offset` of the file, `length` bytes unpacked."""

    file = models.ForeignKey(XetFile, models.CASCADE, related_name="terms", db_index=False)
    index = models.PositiveIntegerField()
    offset = models.PositiveBigIntegerField()
    length = models.PositiveIntegerField()
    xorb = models.ForeignKey(Xorb, models.PROTECT, related_name="terms")
    chunk_start = models.PositiveIntegerField()
    chunk_end = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "index"], name="term_once_per_position")]
        indexes = [models.Index(fields=["file", "offset"], name="term_by_offset")]

    def __str__(self) -> str:
        return f"{self.file}[{self.index}]"


class XetChunkKey(models.Model):
    """One of the few chunks by which clients find a xorb to build on: file starts, and every thousandth chunk."""

    chunk = HashField(32)
    xorb = models.ForeignKey(Xorb, models.CASCADE, related_name="chunk_keys")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chunk", "xorb"], name="chunk_key_once_per_xorb")]

    def __str__(self) -> str:
        return self.chunk


class XetGrant(models.Model):
    """Leave to put one xorb straight into storage, as the only part of a multipart upload that the hub completes.

    `user`: whose leave it is; null where the hub itself makes chunks of what came plainly.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    xorb_hash = HashField(32)
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    key = models.CharField(max_length=200, unique=True)
    multipart_id = models.CharField(max_length=1100)
    size = models.PositiveIntegerField()
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.xorb_hash} by {self.user or 'the hub'}"
