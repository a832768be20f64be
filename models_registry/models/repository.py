from __future__ import annotations

from typing import Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Concat, Lower
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor, Membership, Namespace, Role, User
from hub.search_indexes import TrigramIndex

REPOSITORY_NAME = r"^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?\Z"


class Kind(models.TextChoices):
    MODEL = "model", _("Model")
    DATASET = "dataset", _("Dataset")

    @property
    def plural(self) -> str:
        return f"{self.value}s"

    @property
    def page_prefix(self) -> str:
        """What stands before `namespace/name` in an address."""
        return "" if self is Kind.MODEL else f"{self.plural}/"

    @property
    def in_words(self) -> str:
        """As it stands within a sentence."""
        return gettext("model") if self is Kind.MODEL else gettext("dataset")


class Gate(models.TextChoices):
    """How a gated repository lets people in."""

    OPEN = "", _("Open")
    AUTO = "auto", _("Auto")  # whoever asks
    MANUAL = "manual", _("Manual")  # whom its owners accept


class Standing(models.TextChoices):
    """What moderators have done to a repository."""

    GOOD = "good", _("Good")
    HIDDEN = "hidden", _("Hidden")  # only its members know of it
    QUARANTINED = "quarantined", _("Quarantined")  # it may be dangerous: whoever asks for it is told so
    TAKEN_DOWN = "taken down", _("Taken Down")  # whoever asks for it gets the public notice


class CommercialUse(models.TextChoices):
    """Whether what a repository holds may be used commercially, as far as its licence is known."""

    YES = "yes"
    CONDITIONAL = "conditional"
    NO = "no"


_TELLS_WHY = Q(private=False, disabled_as__in=[Standing.QUARANTINED, Standing.TAKEN_DOWN]) & ~Q(disabled_reason="")


def _known_to(actor: Actor) -> Q:
    public = Q(private=False, disabled_reason="")
    if actor.user is None:
        return public
    return public | (Q(namespace__in=actor.namespaces(Role.READ)) & actor.scope_of("read"))


class RepositoryQuerySet(models.QuerySet["Repository"]):
    """Who may know of, read and change a repository: the rule, written once, as queries.

    An Actor is a user or nobody, together with the credential used: a token for one private repository opens that one
    only. What is public is open to every credential, as it is to nobody.
    """

    def visible_to(self, actor: Actor) -> Self:
        """Those the actor may know of."""
        return self.filter(_known_to(actor))

    def answering_with_a_notice(self) -> Self:
        """Those that were public and tell everybody why they are closed."""
        return self.filter(_TELLS_WHY)

    def answering(self, actor: Actor) -> Self:
        """Those of which the actor gets to know anything at all: what they are, or why they are closed."""
        return self.filter(_known_to(actor) | _TELLS_WHY)

    def readable_by(self, actor: Actor) -> Self:
        """Those of which the actor may read the content: a gated one asks for a grant besides."""
        visible = self.visible_to(actor).filter(disabled_reason="")
        if actor.user is None:
            return visible.filter(gated=Gate.OPEN)
        member = Q(namespace__in=actor.namespaces(Role.READ)) & actor.scope_of("read")
        if actor.user.is_suspended:  # their own they may still take away; what others let them have is closed
            return visible.filter(Q(gated=Gate.OPEN) | member)
        granted = Q(
            pk__in=Repository.objects.filter(
                access_requests__user=actor.user, access_requests__status="accepted"
            ).values("pk")
        )
        return visible.filter(Q(gated=Gate.OPEN) | member | (granted & actor.scope_of("read")))

    def writable_by(self, actor: Actor) -> Self:
        """Those the actor may change."""
        if actor.user is None or actor.user.is_suspended:
            return self.none()
        own = Q(namespace__in=actor.namespaces(Role.CONTRIBUTOR), creator=actor.user)
        return self.filter(
            Q(namespace__in=actor.namespaces(Role.WRITE)) | own, actor.scope_of("write"), disabled_reason=""
        )

    def proposable_by(self, actor: Actor) -> Self:
        """Those to which the actor may send a pull request: what they may read, with a credential that may write there."""
        if actor.user is None or actor.user.is_suspended:
            return self.none()
        return self.readable_by(actor).filter(actor.scope_of("write"))

    def discussable_by(self, actor: Actor) -> Self:
        """Those of which the actor may open and join discussions: what they may know of, gated or not, with a credential
        that may write there."""
        if actor.user is None or actor.user.is_suspended:
            return self.none()
        return self.visible_to(actor).filter(actor.scope_of("write"), disabled_reason="")

    def administered_by(self, actor: Actor) -> Self:
        """Those the actor may delete, move, rename, hide or gate: who administers the namespace, and their creators."""
        if actor.user is None or actor.user.is_suspended:
            return self.none()
        own = Q(namespace__in=actor.namespaces(Role.CONTRIBUTOR), creator=actor.user)
        return self.filter(
            Q(namespace__in=actor.namespaces(Role.ADMIN)) | own, actor.scope_of("write"), disabled_reason=""
        )

    def named(self, kind: str, namespace: str, name: str) -> Self:
        return self.filter(kind=kind, namespace__key=namespace.lower(), key=name.lower())

    def once_named(self, kind: str, namespace: str, name: str) -> Self:
        """The one that had this name before: it was renamed or moved, or its namespace was renamed."""
        now = Namespace.objects.filter(Q(key=namespace.lower()) | Q(redirects__old_key=namespace.lower()))
        leads_there = RepositoryRedirect.objects.filter(kind=kind, key=name.lower(), namespace__in=now.values("pk"))
        in_renamed = Q(namespace__redirects__old_key=namespace.lower(), key=name.lower())
        return self.filter(in_renamed | Q(pk__in=leads_there.values("repository")), kind=kind)

    def for_cards(self) -> Self:
        """With all that a list's row shows, in one query."""
        beside = self.select_related("namespace", "namespace__organization", "namespace__user")
        return beside.defer("search_text", "tag_words")


class Repository(models.Model):
    """A model or dataset: a git repository whose objects are rows, with what its card says of it."""

    namespace = models.ForeignKey(Namespace, models.PROTECT, related_name="repositories")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.MODEL)
    name = models.CharField(max_length=96, validators=[RegexValidator(REPOSITORY_NAME)])
    key = models.GeneratedField(expression=Lower("name"), output_field=models.CharField(max_length=96), db_persist=True)
    full_key = models.CharField(
        max_length=139,
        editable=False,
        help_text="“namespace/name” in lower case, for searching. Written with the name.",
    )
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="created_repositories"
    )
    private = models.BooleanField(default=False)
    gated = models.CharField(max_length=8, choices=Gate.choices, default=Gate.OPEN, blank=True)
    disabled_reason = models.CharField(
        max_length=500, blank=True, help_text=_("Why a moderator closed it; its members read this. Empty: it is open.")
    )
    disabled_as = models.CharField(
        max_length=16,
        choices=[choice for choice in Standing.choices if choice[0] != Standing.GOOD],
        default=Standing.HIDDEN,
        help_text=_("How it is closed, if it is."),
    )
    disabled_at = models.DateTimeField(null=True)
    public_notice = models.TextField(blank=True, help_text=_("What everybody reads in its place."))
    legal_basis = models.CharField(max_length=200, blank=True)
    default_branch = models.CharField(max_length=200, default="main")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now_add=True, help_text=_("The last commit on any branch."))
    batch = models.BigIntegerField(default=0, help_text="Counts the writes of git objects, under this row's lock.")
    epoch = models.IntegerField(
        default=0, help_text="Raised when objects are taken out of the repository: what was made of it before is stale."
    )
    last_number = models.PositiveIntegerField(default=0, help_text="Of its discussions and pull requests together.")

    # What its lists show and sort by, written by services when the fact changes.
    summary = models.CharField(max_length=300, blank=True)
    task = models.CharField(max_length=64, blank=True)
    library = models.CharField(max_length=64, blank=True)
    licence = models.CharField(max_length=64, blank=True)
    commercial_use = models.CharField(
        max_length=12,
        choices=CommercialUse.choices,
        blank=True,
        help_text="What its licence says of it (formats.licence_terms). Empty: that cannot be told.",
    )
    parameter_count = models.BigIntegerField(null=True)
    holds_pickles = models.BooleanField(default=False, help_text="By the names of its files.")
    downloads = models.BigIntegerField(default=0, help_text=_("In the last 30 days."))
    downloads_all_time = models.BigIntegerField(default=0)
    likes = models.IntegerField(default=0)
    trending_score = models.FloatField(default=0)
    storage_logical = models.BigIntegerField(default=0, help_text="Bytes of all its content, over its history.")
    storage_stored = models.BigIntegerField(default=0, help_text="Bytes that are stored for it: services.storage_use.")
    tag_words = models.TextField(blank=True, editable=False, help_text="Its tags, to be searched: services.tagging.")
    search_text = models.GeneratedField(
        expression=Lower(
            Concat(
                "full_key",
                models.Value(" "),
                "summary",
                models.Value(" "),
                "tag_words",
                output_field=models.TextField(),
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = RepositoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "repositories"
        permissions = [
            ("hide_repository", "Can hide a repository"),
            ("quarantine_repository", "Can put a repository in quarantine"),
            ("take_down_repository", "Can take a repository down with a public notice"),
        ]
        constraints = [
            models.UniqueConstraint("namespace", "kind", "key", name="repository_name_once_per_namespace_and_kind"),
            models.CheckConstraint(name="repository_name_is_url_safe", condition=Q(name__regex=REPOSITORY_NAME)),
        ]
        indexes = [  # by what lists sort by; the id decides between equals, of which there are many
            models.Index(fields=["kind", "-updated_at", "-id"], name="repository_by_update"),
            models.Index(fields=["kind", "commercial_use"], name="repository_by_commercial_use"),
            models.Index(fields=["kind", "-created_at", "-id"], name="repository_by_creation"),
            models.Index(fields=["kind", "-downloads", "-id"], name="repository_by_downloads"),
            models.Index(fields=["kind", "-likes", "-id"], name="repository_by_likes"),
            models.Index(fields=["kind", "-trending_score", "-id"], name="repository_by_trend"),
            models.Index(fields=["disabled_as"], condition=~Q(disabled_reason=""), name="repository_closed"),  # a few
            TrigramIndex(fields=["search_text"], name="repository_by_text"),
        ]

    def __str__(self) -> str:
        return self.full_name

    def get_absolute_url(self) -> str:
        return f"/{Kind(self.kind).page_prefix}{self.full_name}"

    @property
    def standing(self) -> Standing:
        return Standing(self.disabled_as) if self.disabled_reason else Standing.GOOD

    @property
    def is_public(self) -> bool:
        """Whether everybody may know of it."""
        return not self.private and not self.disabled_reason

    def insiders(self) -> models.QuerySet[User]:
        """Who may know of it where not everybody may: `visible_to`, asked from the other side."""
        members = Membership.objects.filter(organization__namespace=self.namespace_id, role__gte=Role.READ)
        return User.objects.filter(Q(namespace=self.namespace_id) | Q(pk__in=members.values("user")))

    @property
    def full_name(self) -> str:
        return f"{self.namespace.name}/{self.name}"

    @property
    def api_path(self) -> str:
        return f"/api/{Kind(self.kind).plural}/{self.full_name}"


class RepositoryRedirect(models.Model):
    """An address a repository had before; it leads on until a new repository takes it."""

    namespace = models.ForeignKey(Namespace, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    key = models.CharField(max_length=96)
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="redirects")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["namespace", "kind", "key"], name="redirect_once_per_old_address")
        ]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.key} → {self.repository}"
