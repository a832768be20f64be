from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from accounts.errors import NameTaken

if TYPE_CHECKING:
    from accounts.models.actor import Actor
    from accounts.models.user import User

NAMESPACE_NAME = r"^[A-Za-z0-9](?:[A-Za-z0-9]|[-_.](?=[A-Za-z0-9])){0,41}\Z"

# First segments of addresses that are the hub's own.
RESERVED_NAMES = frozenset(
    """
    about accounts admin api appeal assets auth bills blog cas challenges collections compare content datasets docs
    evaluations favicon.ico feed feeds git health help home info join leaderboards licences login logout me media metrics
    models moderation new notifications oauth organizations orgs papers preferences previews privacy report reports resolve
    robots.txt search settings signup sitemap.xml sitemaps spaces static status suites support terms uploads users welcome
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

    @property
    def title(self) -> str:
        """What pages call it, in the reader's language; programs call it by its label."""
        titles = {
            Role.READ: pgettext("role in an organisation", "read"),
            Role.CONTRIBUTOR: pgettext("role in an organisation", "contributor"),
            Role.WRITE: pgettext("role in an organisation", "write"),
            Role.ADMIN: pgettext("role in an organisation", "admin"),
        }
        return titles[self]

    @classmethod
    def named(cls, name: str) -> Role:
        """The role of that name. Raises ValueError."""
        for role in cls:
            if role.label == name:
                return role
        raise ValueError(f"There is no role {name!r}: use one of {', '.join(cls.labels)}.")


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Who may manage organisations: everybody may know of them and of their members."""

    def administered_by(self, actor: Actor) -> Self:
        """Those whose members and settings the actor may change. A token that opens single things manages none."""
        if actor.user is None or actor.user.is_suspended or (actor.token and actor.token.role != "write"):
            return self.none()
        return self.filter(memberships__user=actor.user, memberships__role=Role.ADMIN)


class Verified(models.TextChoices):
    """What maintainers have made sure that an organisation is."""

    NO = "", _("not verified")
    INSTITUTE = "institute", _("institute")
    COMPANY = "company", _("company")
    GOVERNMENT = "government", _("government body")
    COMMUNITY = "community", _("community")


class Organization(models.Model):
    full_name = models.CharField(max_length=120, blank=True)
    private_by_default = models.BooleanField(
        default=False, help_text="New repositories are private unless asked otherwise."
    )
    default_role = models.PositiveSmallIntegerField(
        choices=Role.choices, default=Role.READ, help_text="Of who is invited, unless another is chosen."
    )
    verified_as = models.CharField(
        max_length=16, choices=Verified.choices, default=Verified.NO, blank=True, help_text="Set by maintainers."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    members: models.ManyToManyField[User, Membership] = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="organizations"
    )

    objects = OrganizationQuerySet.as_manager()

    namespace: Namespace

    class Meta:
        permissions = [
            ("verify_organization", "Can verify an organisation"),
            ("appoint_administrator", "Can give an organisation an administrator"),
        ]

    def __str__(self) -> str:
        return self.full_name or f"organisation {self.pk}"


class MembershipQuerySet(models.QuerySet["Membership"]):
    def of_administrators(self) -> Self:
        """Of those who can still sign in: others manage nothing."""
        return self.filter(role=Role.ADMIN, user__is_active=True)


class Membership(models.Model):
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(choices=Role.choices, default=Role.READ)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="membership_once_per_user")]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}: {self.get_role_display()}"

    @property
    def role_title(self) -> str:
        return Role(self.role).title


class NamespaceManager(models.Manager["Namespace"]):
    def claim(self, name: str, **owner: Any) -> Namespace:
        """Make the namespace of a user or an organisation. Raises NameTaken, also for a name that is held."""
        try:
            with transaction.atomic():
                made = self.create(name=name, **owner)
        except IntegrityError:
            raise NameTaken(_("The name %(name)r is taken.") % {"name": name}) from None
        # Only now: whoever gave the name up a moment ago has committed, or the row above would still wait for it.
        NamespaceRedirect.objects.take(name)
        return made

    def is_free(self, name: str) -> bool:
        """For a first look; `claim` decides."""
        taken = self.filter(key=name.lower()).exists()
        return not taken and not NamespaceRedirect.objects.held(name, timezone.now()).exists()


class Namespace(models.Model):
    """The first part of a repository's address: exactly one user's or one organisation's name."""

    name = models.CharField(max_length=42, validators=name_validators)
    key = models.GeneratedField(expression=Lower("name"), output_field=models.CharField(max_length=42), db_persist=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="namespace"
    )
    organization = models.OneToOneField(Organization, models.CASCADE, null=True, blank=True, related_name="namespace")

    objects = NamespaceManager()

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
    def public_id(self) -> str:
        """As programs know the account: of one counter for members and organisations, so that no two are taken for one."""
        return str(self.pk)

    @property
    def is_organization(self) -> bool:
        return self.organization_id is not None

    @property
    def display_name(self) -> str:
        if self.user is not None:
            return self.user.get_full_name()
        return (self.organization.full_name if self.organization else "") or self.name

    def role_of(self, user: User | None) -> Role | None:
        if user is None:
            return None
        if self.user_id == user.pk:
            return Role.ADMIN
        if self.organization_id is None:
            return None
        membership = Membership.objects.filter(organization=self.organization_id, user=user).first()
        return Role(membership.role) if membership else None


class Profile(models.Model):
    """What a member or an organisation says of itself; beside the namespace, because lists do not need it."""

    namespace = models.OneToOneField(Namespace, models.CASCADE, primary_key=True, related_name="profile")
    about = models.TextField(max_length=4000, blank=True, help_text="Markdown.")
    website = models.URLField(max_length=200, blank=True)
    location = models.CharField(max_length=100, blank=True)
    links: models.JSONField[Any, list[str]] = models.JSONField(default=list, blank=True)

    def __str__(self) -> str:
        return f"profile of {self.namespace}"


class NamespaceRedirectQuerySet(models.QuerySet["NamespaceRedirect"]):
    def held(self, name: str, now: datetime, *, besides: Namespace | None = None) -> Self:
        rows = self.filter(old_key=name.lower(), held_until__gt=now)
        return rows if besides is None else rows.exclude(namespace=besides)

    def take(self, name: str, *, by: Namespace | None = None) -> None:
        """The name belongs to somebody again, and leads nowhere else. Raises NameTaken while it is held for another."""
        if self.held(name, timezone.now(), besides=by).exists():
            raise NameTaken(
                _("The name %(name)r was given up a short while ago: nobody else can have it yet.") % {"name": name}
            )
        self.filter(old_key=name.lower()).delete()

    def hold(self, name: str, *, leads_to: Namespace | None) -> NamespaceRedirect:
        """The name is given up: by a rename, or (`leads_to` is None) with all that stood under it."""
        until = timezone.now() + settings.NAME_HOLD
        return self.create(old_key=name.lower(), namespace=leads_to, held_until=until)


class NamespaceRedirect(models.Model):
    """A name that was given up. Its addresses lead to what bears another name now, until somebody takes the name.

    Until `held_until` nobody else can, so that what others have written down does not suddenly mean something of a
    stranger's. Without a namespace: what bore the name is deleted.
    """

    old_key = models.CharField(max_length=42, unique=True)
    namespace = models.ForeignKey(Namespace, models.SET_NULL, null=True, related_name="redirects")
    created_at = models.DateTimeField(auto_now_add=True)
    held_until = models.DateTimeField(default=timezone.now)

    objects = NamespaceRedirectQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.old_key} → {self.namespace or 'nothing'}"
