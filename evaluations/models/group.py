from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from evaluations.models.run import Run
from evaluations.models.standing import Trust
from evaluations.models.suite import Suite
from models_registry.models import Repository
from models_registry.models.fields import HashField


class SuiteGroup(models.Model):
    """Suites whose scores are averaged, as the operator's file names them; and what the last ranking found of its board.

    `choices`: the values that occur there, for its filters. `ranked`: SHA-256 of what was ranked, so that the same is not
    written again.
    """

    name = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    summary = models.TextField()
    suites: models.ManyToManyField[Suite, GroupMember] = models.ManyToManyField(
        Suite, through="GroupMember", related_name="groups"
    )
    model_count = models.PositiveIntegerField(default=0)
    complete_count = models.PositiveIntegerField(default=0, help_text=_("Models that were measured on every suite."))
    choices: models.JSONField[Any, dict[str, list[str]]] = models.JSONField(default=dict)
    ranked = HashField(32, null=True)
    ranked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/leaderboards/groups/{self.name}"


class GroupMember(models.Model):
    """A suite in a group; `place` is its column."""

    group = models.ForeignKey(SuiteGroup, models.CASCADE, related_name="members")
    suite = models.ForeignKey(Suite, models.PROTECT, related_name="+")
    place = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["group", "suite"], name="suite_once_in_a_group")]

    def __str__(self) -> str:
        return gettext("%(suite)s in %(group)s") % {"suite": self.suite, "group": self.group}


class GroupStanding(models.Model):
    """The place of a repository on a group's board, as `services.group_ranking` last found it, made again at any time.

    `value` is the mean of the chance-normalised scores, in its 95 % interval; `borda` the sum over suites of how many models it
    beats there, a tie counting half. A repository that lacks a suite has none of them, and no rank. What its runs do not agree
    on (format, machine, …) is left empty; `parameters` are the most, `finished_at` the last of them.
    """

    group = models.ForeignKey(SuiteGroup, models.CASCADE, related_name="standings")
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    measured = models.PositiveSmallIntegerField(help_text="Suites of the group that it was measured on.")
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    borda = models.FloatField(null=True)
    first = models.PositiveIntegerField(null=True)
    last = models.PositiveIntegerField(null=True)
    trust = models.CharField(max_length=16, choices=Trust.choices, help_text="The least of its runs.")

    commit = HashField(20, null=True)
    format = models.CharField(max_length=16, blank=True)
    architecture = models.CharField(max_length=60, blank=True)
    machine = models.CharField(max_length=120, blank=True)
    hardware_class = models.CharField(max_length=40, blank=True)
    parameters = models.BigIntegerField(null=True)
    model_bytes = models.BigIntegerField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "repository"], name="group_standing_once"),
            models.CheckConstraint(
                name="group_standing_is_complete_or_unranked",
                condition=Q(
                    value__isnull=False, low__isnull=False, high__isnull=False, borda__isnull=False, first__isnull=False,
                    last__isnull=False,
                )
                | Q(value=None, low=None, high=None, borda=None, first=None, last=None),
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["group", "position"], name="group_standing_by_position")]

    def __str__(self) -> str:
        return f"{self.repository} in {self.group}"


class GroupPart(models.Model):
    """What one suite contributes: the repository's best run on it, its score, and that score from chance (0) to all right (1)."""

    standing = models.ForeignKey(GroupStanding, models.CASCADE, related_name="parts")
    suite = models.ForeignKey(Suite, models.CASCADE, related_name="+")
    run = models.ForeignKey(Run, models.CASCADE, related_name="group_parts")
    value = models.FloatField()
    normalized = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["standing", "suite"], name="group_part_once")]

    def __str__(self) -> str:
        return f"{self.suite} {self.normalized:.4f}"
