from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Actor, Namespace, Role, TokenRole, in_good_standing
from models_registry.models import Repository


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def managed_by(self, actor: Actor) -> Self:
        """Those the actor may see and change: their own, and those of organisations they administer.

        A fine-grained token is for repositories: it opens none.
        """
        if actor.token is not None and actor.token.role == TokenRole.FINE_GRAINED:
            return self.none()
        return self.filter(owner__in=actor.namespaces(Role.ADMIN))

    def told_of(self, repository: Repository) -> Self:
        """Those at work, whose owners may know of the repository."""
        at_work = self.filter(Q(owner__user=None) | in_good_standing("owner__user"), disabled_at=None)
        if repository.is_public:
            return at_work
        return at_work.filter(Q(owner=repository.namespace_id) | Q(owner__user__in=repository.insiders().values("pk")))

    def watching(self, repository: Repository, *namespaces: Namespace) -> Self:
        """Those that watch it, or one of these namespaces, in which it is or was."""
        items = WatchedItem.objects.filter(
            Q(repository=repository) | Q(namespace__in=[space.pk for space in namespaces])
        )
        return self.filter(pk__in=items.values("webhook"))


class Webhook(models.Model):
    """An address that is told of what happens in repositories: for a member, or for an organisation.

    `paused_until`: it failed a moment ago, and is left alone so long. `sending_until`: a worker sends to it just now.
    `failing_since`: nothing has arrived since then; it is disabled after some days of that.
    """

    owner = models.ForeignKey(Namespace, models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=2000)
    secret = models.CharField(max_length=200, blank=True, help_text="Sent along, so that the receiver knows the hub.")
    on_repositories = models.BooleanField(default=True)
    on_discussions = models.BooleanField(default=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=300, blank=True, help_text="Empty: its owner disabled it.")
    failing_since = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="Attempts that failed since the last that did not.")
    paused_until: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    sending_until: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WebhookQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.url} of {self.owner}"

    def get_absolute_url(self) -> str:
        return f"/settings/webhooks/{self.pk}"

    @property
    def public_id(self) -> str:
        """As Hub clients know it."""
        return f"{self.pk:024x}"

    @property
    def domains(self) -> list[str]:
        return [*(["repo"] if self.on_repositories else []), *(["discussion"] if self.on_discussions else [])]

    @property
    def is_disabled(self) -> bool:
        return self.disabled_at is not None


class WatchedItem(models.Model):
    """A namespace with all that is in it, or one repository. Held by id: whatever it is called today."""

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="watched")
    namespace = models.ForeignKey(Namespace, models.CASCADE, null=True, related_name="+")
    repository = models.ForeignKey(Repository, models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="watched_item_is_one_thing",
                condition=Q(namespace__isnull=False, repository__isnull=True)
                | Q(namespace__isnull=True, repository__isnull=False),
            ),
            models.UniqueConstraint(fields=["webhook", "namespace"], name="watched_namespace_once"),
            models.UniqueConstraint(fields=["webhook", "repository"], name="watched_repository_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def kind(self) -> str:
        """As Hub clients call it."""
        if self.repository is not None:
            return str(self.repository.kind)
        return "org" if self.namespace is not None and self.namespace.is_organization else "user"

    @property
    def name(self) -> str:
        return str(self.repository.full_name if self.repository is not None else self.namespace)


class WebhookEvent(models.Model):
    """Something that happened, as it is told to every webhook that watches: written with the fact itself.

    `payload` lacks only which webhook it is told to. `repository` may be gone when it is told: who may still be told
    follows then from `namespace`, and from whether it `was_public`.
    """

    repository = models.ForeignKey(Repository, models.SET_NULL, null=True, related_name="+")
    namespace = models.ForeignKey(Namespace, models.SET_NULL, null=True, related_name="+")
    was_public = models.BooleanField()
    scope = models.CharField(max_length=32)
    action = models.CharField(max_length=16)
    payload: models.JSONField[Any, dict[str, Any]] = models.JSONField()
    is_test = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.action} {self.scope}"


class Delivery(models.Model):
    """An event on its way to a webhook. The row is the truth; a job only goes through those that are due."""

    class State(models.TextChoices):
        QUEUED = "queued"
        DELIVERED = "delivered"
        FAILED = "failed"
        DROPPED = "dropped"  # its owner may not know of it any more, or disabled the webhook

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", db_index=False)
    event = models.ForeignKey(WebhookEvent, models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    due_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0, help_text="Since it was asked for, or asked for again by hand.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "webhook"], name="delivery_once_per_event_and_webhook")]
        indexes = [
            models.Index(fields=["webhook", "-created_at"], name="delivery_by_webhook"),
            models.Index(fields=["due_at"], name="delivery_due", condition=Q(state="queued")),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook}: {self.state}"

    def get_absolute_url(self) -> str:
        return f"/settings/webhooks/{self.webhook_id}/deliveries/{self.pk}"


class DeliveryAttempt(models.Model):
    """One request, and what came back. The secret is left out of what is kept.

    `answer_status` null: there was no answer, and `error` says why.
    """

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    request_headers: models.JSONField[Any, dict[str, str]] = models.JSONField(default=dict)
    answer_status = models.PositiveIntegerField(null=True)
    answer_headers: models.JSONField[Any, dict[str, str]] = models.JSONField(default=dict)
    answer_body = models.TextField(blank=True)
    answer_is_cut = models.BooleanField(default=False)
    error = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.delivery_id} at {self.started_at:%H:%M:%S}: {self.answer_status or self.error}"

    @property
    def has_arrived(self) -> bool:
        return self.answer_status is not None and 200 <= self.answer_status < 300
