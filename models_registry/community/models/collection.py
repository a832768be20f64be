from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor, Namespace, Role, TokenRole, in_good_standing
from models_registry.models import Repository


class CollectionQuerySet(models.QuerySet["Collection"]):
    """Who may know of a collection, and who may change it: the rule, written once, as queries."""

    def visible_to(self, actor: Actor) -> Self:
        """The public ones, and those of one's own namespaces, where the credential opens those.

        A suspended or banned member's are nobody else's: their titles and notes stand in everybody's lists.
        """
        own = Q(namespace__in=actor.namespaces(Role.READ)) & _scope(actor, "read")
        in_public = Q(namespace__user=None) | in_good_standing("namespace__user")
        return self.filter(in_public & Q(private=False, hidden_reason="") | own)

    def writable_by(self, actor: Actor) -> Self:
        if actor.user is None or actor.user.is_suspended:
            return self.none()
        return self.filter(Q(namespace__in=actor.namespaces(Role.WRITE)) & _scope(actor, "write"), hidden_reason="")

    def for_lists(self) -> Self:
        return self.select_related("namespace", "namespace__organization", "namespace__user")


def _scope(actor: Actor, action: str) -> Q:
    """Which collections the credential opens at all: a fine-grained token those of the namespaces that it names."""
    token = actor.token
    if token is None or token.role == TokenRole.WRITE:
        return Q()
    if token.role == TokenRole.READ:
        return Q() if action == "read" else Q(pk__in=[])
    return Q(namespace_id__in=token.scoped_ids(action, "namespace"))


class Collection(models.Model):
    """Repositories and other collections, chosen and put in order by a member or an organisation."""

    class Theme(models.TextChoices):
        ORANGE = "orange"
        BLUE = "blue"
        GREEN = "green"
        PURPLE = "purple"
        PINK = "pink"
        INDIGO = "indigo"

    namespace = models.ForeignKey(Namespace, models.CASCADE, related_name="collections")
    title = models.CharField(max_length=120)
    description = models.CharField(max_length=150, blank=True)
    private = models.BooleanField(default=False)
    hidden_reason = models.CharField(
        max_length=500, blank=True, help_text=_("Why a moderator hid it; its owners read this. Empty: it is shown.")
    )
    theme = models.CharField(max_length=16, choices=Theme.choices, default=Theme.GREEN)
    position = models.PositiveIntegerField(default=0, help_text="Among those of its owner; equals by age.")
    upvotes = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = CollectionQuerySet.as_manager()

    class Meta:
        permissions = [("hide_collection", "Can hide a collection")]
        constraints = [
            models.UniqueConstraint("namespace", Lower("title"), name="collection_title_once_per_namespace"),
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="collection_by_update"),
            models.Index(fields=["-upvotes", "-id"], name="collection_by_upvotes"),
        ]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return f"/collections/{self.slug}"

    @property
    def public_id(self) -> str:
        """As Hub clients know it: lower-case hexadecimal."""
        return f"{self.pk:024x}"

    @property
    def slug(self) -> str:
        """Its address; only the id at its end counts, so an old title still leads here."""
        name = slugify(self.title, allow_unicode=True)
        return f"{self.namespace.name}/{name}-{self.public_id}" if name else f"{self.namespace.name}/{self.public_id}"


class CollectionItem(models.Model):
    """A repository or another collection within a collection."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="items")
    repository = models.ForeignKey(Repository, models.CASCADE, null=True, related_name="in_collections")
    child = models.ForeignKey(Collection, models.CASCADE, null=True, related_name="in_collections")
    position = models.PositiveIntegerField()
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["collection", "repository"], name="repository_once_per_collection"),
            models.UniqueConstraint(fields=["collection", "child"], name="collection_once_per_collection"),
            models.CheckConstraint(
                name="collection_item_has_exactly_one_target",
                condition=Q(repository__isnull=False, child__isnull=True)
                | Q(repository__isnull=True, child__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["collection", "position", "id"], name="collection_item_in_order")]

    def __str__(self) -> str:
        return f"{self.repository or self.child} in {self.collection}"

    @property
    def public_id(self) -> str:
        return f"{self.pk:024x}"

    @property
    def name(self) -> str:
        """For people."""
        return self.repository.full_name if self.repository else self.child.title if self.child else ""


class CollectionUpvote(models.Model):
    """A member finds a collection good. `Collection.upvotes` counts them (`services.collections`)."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="upvoted_by")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="upvotes")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "user"], name="upvote_once")]

    def __str__(self) -> str:
        return f"{self.user} for {self.collection}"
