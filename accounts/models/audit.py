from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.db import models

from accounts.models.namespace import Namespace

if TYPE_CHECKING:
    from accounts.models.actor import Actor


Record = TypeVar("Record", bound=models.Model)
THE_HUB = "the hub"  # no member can have this name


class Immutable(Exception):
    """This row is a record of what was done: it is neither changed nor deleted."""


class RecordQuerySet(models.QuerySet[Record]):
    """Rows that are only added. What the database itself refuses: migration `audit_is_append_only`."""

    def update(self, **_: Any) -> int:
        raise Immutable

    def delete(self) -> tuple[int, dict[str, int]]:
        raise Immutable


class AuditManager(models.Manager["AuditEntry"]):
    def get_queryset(self) -> RecordQuerySet[AuditEntry]:
        return RecordQuerySet(self.model, using=self._db)

    def record(
        self, actor: Actor, action: str, target: str, *, namespace: Namespace | None = None, **details: Any
    ) -> AuditEntry:
        """Write down one act, in the transaction of the act itself.

        action: subject and verb, such as "token.created" or "repository.hidden". target: what it was done to, by name.
        namespace: whose administrators may read the entry with all its details; of moderation, leave it out. An actor who is
        nobody is the hub itself: what visitors do is in no log.
        """
        return self.create(
            user=actor.user,
            actor_name=actor.user.username if actor.user else THE_HUB,
            token_prefix=actor.token.prefix if actor.token else "",
            action=action,
            target=target,
            namespace=namespace,
            details=details,
        )


class AuditEntry(models.Model):
    """Who did what, when. Append-only: entries are neither changed nor deleted, and outlive the account."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=150)
    token_prefix = models.CharField(max_length=12, blank=True)
    action = models.CharField(max_length=64, db_index=True)
    target = models.CharField(max_length=255)
    # Without a constraint, which would make every act wait for a rename, and a deletion fail over an act of that moment.
    namespace = models.ForeignKey(Namespace, models.SET_NULL, null=True, related_name="+", db_constraint=False)
    details: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    objects = AuditManager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Immutable
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise Immutable
