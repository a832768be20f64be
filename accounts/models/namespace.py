from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

if TYPE_CHECKING:
    from accounts.models.user import User

NAMESPACE_NAME = r"^[A-Za-z0-9](?:[A-Za-z0-9]|[-_.](?=[A-Za-z0-9])){0,41}\Z"

# First segments of addresses that are the hub's own.
RESERVED_NAMES = frozenset(
    """
    about accounts admin api appeal assets auth bills blog cas collections compare content datasets docs evaluations
    favicon.ico git health help home info join leaderboards login logout me media metrics models moderation new
    notifications oauth organizations orgs papers preferences privacy report reports resolve robots.txt search settings
    signup spaces static status suites support terms uploads users welcome
    """.split()
)


def not_reserved(name: str) -> None:
    if name.lower() in RESERVED_NAMES:
        raise ValidationError(f"The name {name!r} is reserved: choose another.")


name_validators: list[Callable[[str], None]] = [
    RegexValidator(
        NAMESPACE_NAME,
        "A name has at most 42 letters, digits and single '-', '_' or '.' between them.",
    ),
    not_reserved,
]


class Role(models.IntegerChoices):
    """What a member may do in an organisation; each role includes those before it."""

    READ = 10, "read"  # sees its private things
    CONTRIBUTOR = 20, "contributor"  # creates repositories, and writes those they created
    WRITE = 30, "write"  # writes all repositories
    ADMIN = 40, "admin"  # manages members and settings

    @classmethod
    def named(cls, name: str) -> Role:
        """The role of that name. Raises ValueError."""
        for role in cls:
            if role.label == name:
                return role
        raise ValueError(f"There is no role {name!r}: use one of {', '.join(cls.labels)}.")


class Organization(models.Model):
    full_name = models.CharField(max_length=120, blank=True)
    private_by_default = models.BooleanField(
        default=False, help_text="New repositories are private unless asked otherwise."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    members: models.ManyToManyField[User, Membership] = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="organizations"
    )

    namespace: Namespace

    def __str__(self) -> str:
        return self.full_name or f"organisation {self.pk}"


class Membership(models.Model):
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(choices=Role.choices, default=Role.READ)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="membership_once_per_user")]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}: {self.get_role_display()}"


class Namespace(models.Model):
    """The first part of a repository's address: exactly one user's or one organisation's name."""

    name = models.CharField(max_length=42, validators=name_validators)
    key = models.GeneratedField(expression=Lower("name"), output_field=models.CharField(max_length=42), db_persist=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="namespace"
    )
    organization = models.OneToOneField(Organization, models.CASCADE, null=True, blank=True, related_name="namespace")

    class Meta:
        permissions = [("rename_namespace", "Can take a name from its holder")]
        constraints = [
            models.UniqueConstraint("key", name="namespace_name_once"),
            models.CheckConstraint(
                name="namespace_has_exactly_one_owner",
                condition=Q(user__isnull=False, organization__isnull=True)
                | Q(user__isnull=True, organization__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/{self.name}"

    @property
    def is_organization(self) -> bool:
        return self.organization_id is not None

    @property
    def display_name(self) -> str:
        owner = self.organization or self.user
        return (owner.full_name if owner else "") or self.name

    def role_of(self, user: User | None) -> Role | None:
        if user is None:
            return None
        if self.user_id == user.pk:
            return Role.ADMIN
        if self.organization_id is None:
            return None
        membership = Membership.objects.filter(organization=self.organization_id, user=user).first()
        return Role(membership.role) if membership else None


class NamespaceRedirect(models.Model):
    """A name a namespace had before: its addresses still lead there until somebody takes the name."""

    old_key = models.CharField(max_length=42, unique=True)
    namespace = models.ForeignKey(Namespace, models.CASCADE, related_name="redirects")

    def __str__(self) -> str:
        return f"{self.old_key} → {self.namespace}"
