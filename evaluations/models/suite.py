from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor, User
from models_registry.models import Repository
from models_registry.models.fields import HashField


class Suite(models.Model):
    """What a model can be measured on, as its current version describes it."""

    class Tier(models.TextChoices):
        SANITY = "sanity", pgettext_lazy("tier", "Sanity")  # small and public: anyone can train on it
        STANDARD = "standard", pgettext_lazy("tier", "Standard")
        HIDDEN = "hidden", pgettext_lazy("tier", "Hidden")

    name = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    summary = models.TextField()
    task = models.CharField(max_length=64)
    tier = models.CharField(max_length=16, choices=Tier.choices)
    is_proposed = models.BooleanField(default=False, help_text="By a member; the others come with the hub.")
    proposer = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/leaderboards/{self.name}"


class SuiteVersion(models.Model):
    """One version of a suite, never changed: results of one version all mean the same.

    `definition`: the suite's file, as checked. `data_repository`, `data_revision`, `data_path`: the dataset repository,
    commit and file that hold its inputs (services.hosting); no repository, but a revision: it was deleted. `labels_key`: where
    its labels lie in storage, under a prefix of their own, read by supervisors alone.
    """

    suite = models.ForeignKey(Suite, models.PROTECT, related_name="versions")
    version = models.CharField(max_length=32)
    digest = HashField(32)
    definition: models.JSONField[Any, dict[str, Any]] = models.JSONField()
    data_repository = models.ForeignKey(Repository, models.SET_NULL, null=True, related_name="suite_versions")
    data_revision = models.CharField(max_length=40, blank=True)
    data_path = models.CharField(max_length=300, blank=True)
    labels_key = models.CharField(max_length=200)
    current = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["suite", "version"], name="suite_version_once"),
            models.UniqueConstraint(fields=["suite"], condition=Q(current=True), name="suite_has_one_current_version"),
        ]

    def __str__(self) -> str:
        return f"{self.suite} {self.version}"

    @property
    def primary_metric(self) -> dict[str, Any]:
        return next(metric for metric in self.definition["metrics"] if metric["primary"])

    @property
    def is_hidden(self) -> bool:
        """Whether inputs and rows of this very version stay with the hub, whatever later versions are."""
        return bool(self.definition["tier"] == Suite.Tier.HIDDEN)

    @property
    def open_data(self) -> Repository | None:
        """The repository of its inputs, if everybody may know of it."""
        return self.data_repository if self.data_repository is not None and self.data_repository.is_public else None

    @property
    def public_rows(self) -> int | None:
        """How many rows, from the first, are public; None of a suite that tells of no such split."""
        count: int | None = self.definition["data"][0].get("public_rows")
        return count

    @property
    def rows(self) -> int:
        return int(self.definition["data"][0]["n"])


class SuiteProposalQuerySet(models.QuerySet["SuiteProposal"]):
    def visible_to(self, actor: Actor) -> Self:
        """Those of the actor, and of repositories that they may write; all of them to who publishes suites."""
        if actor.may("evaluations.publish_suite"):
            return self
        if actor.user is None:
            return self.none()
        return self.filter(
            Q(author=actor.user, repository=None)
            | Q(repository__in=Repository.objects.writable_by(actor).values("pk"))
            | Q(author=actor.user, repository__in=Repository.objects.visible_to(actor).values("pk"))
        )


class SuiteProposal(models.Model):
    """A suite that a member offers: a commit of a dataset repository that holds `suite.yaml`, inputs and labels.

    `definition`: as it was checked. `preview`: {"inputs": first rows, "labels": first ones, "input_bytes", "label_bytes"}. The
    labels are for those who decide alone.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        PUBLISHED = "published", pgettext_lazy("a proposed suite is", "Published")
        DECLINED = "declined", _("Declined")

    repository = models.ForeignKey(Repository, models.SET_NULL, null=True, related_name="suite_proposals")
    repository_name = models.CharField(max_length=200)
    commit = HashField(20)
    author = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    definition: models.JSONField[Any, dict[str, Any]] = models.JSONField()
    digest = HashField(32)
    preview: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PROPOSED)
    reason = models.CharField(max_length=500, blank=True, help_text=_("Why it was declined, for its author."))
    version = models.ForeignKey(SuiteVersion, models.SET_NULL, null=True, related_name="proposals")
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SuiteProposalQuerySet.as_manager()

    class Meta:
        permissions = [("publish_suite", "Can publish and decline proposed suites")]
        constraints = [
            models.UniqueConstraint(
                fields=["repository"], condition=Q(state="proposed"), name="one_open_proposal_per_repository"
            )
        ]

    def __str__(self) -> str:
        return gettext("%(suite)s by %(repository)s") % {"suite": self.title, "repository": self.repository_name}

    def get_absolute_url(self) -> str:
        return f"/suites/proposals/{self.pk}"

    @property
    def title(self) -> str:
        return f"{self.definition['id']} {self.definition['version']}"
