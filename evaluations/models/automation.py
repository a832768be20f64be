from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from evaluations.models.run import Run
from evaluations.models.suite import Suite
from models_registry.models import Repository
from models_registry.models.fields import HashField


class AutomaticEvaluation(models.Model):
    """Each new commit on the repository's default branch is evaluated on the suite, in the name of who switched that on.

    `outcome`, `commit`, `note` and `run` tell of the commit that was looked at last.
    """

    class Outcome(models.TextChoices):
        NONE = ""  # there was no commit since
        ASKED = "asked"
        UNCHANGED = "unchanged"  # the model is that of a commit which was evaluated before
        REFUSED = "refused"  # the note says why

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="automatic_evaluations", db_index=False)
    suite = models.ForeignKey(Suite, models.CASCADE, related_name="+")
    hardware_class = models.CharField(max_length=40, default="cpu")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True, default=Outcome.NONE)
    commit = HashField(20, null=True)
    note = models.TextField(blank=True)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")
    looked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "suite"], name="automatic_evaluation_once_per_suite")
        ]

    def __str__(self) -> str:
        return f"{self.repository} on {self.suite}"


class TagRuleQuerySet(models.QuerySet["TagRule"]):
    def for_lists(self) -> Self:
        return self.select_related("suite", "created_by").order_by("pattern", "pk")


class TagRule(models.Model):
    """Tags whose name fits `pattern` are made on, and moved to, only commits whose score meets this.

    `pattern`: a tag's name, or one with * (any characters) and ? (any one). `not_worse`: than the score of the commit where
    the tag stands now.
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="tag_rules", db_index=False)
    pattern = models.CharField(max_length=100)
    suite = models.ForeignKey(Suite, models.CASCADE, related_name="+")
    metric = models.CharField(max_length=64)
    minimum = models.FloatField(null=True)
    maximum = models.FloatField(null=True)
    not_worse = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TagRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "pattern", "suite", "metric"], name="tag_rule_once_per_pattern_and_metric"
            ),
            models.CheckConstraint(
                name="tag_rule_asks_for_something",
                condition=Q(minimum__isnull=False) | Q(maximum__isnull=False) | Q(not_worse=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pattern}: {self.metric} on {self.suite}"
