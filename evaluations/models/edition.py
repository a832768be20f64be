from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from evaluations.models.group import SuiteGroup
from evaluations.models.suite import Suite, SuiteVersion
from models_registry.models import Repository
from models_registry.models.fields import HashField


class Edition(models.Model):
    """A board as it stood on a day, to be cited: a suite's, or that of a group of suites. Never changed once written.

    `key`: where the signed document lies in storage, canonical JSON with this `sha256`. It holds ranks and scores; who stands
    there it names by hashes alone, of `EditionModel`.
    """

    suite = models.ForeignKey(Suite, models.PROTECT, null=True, related_name="editions")
    suite_version = models.ForeignKey(SuiteVersion, models.PROTECT, null=True, related_name="editions")
    group = models.ForeignKey(SuiteGroup, models.PROTECT, null=True, related_name="editions")
    day = models.DateField()
    model_count = models.PositiveIntegerField()
    key = models.CharField(max_length=200)
    sha256 = HashField(32)
    public_key = HashField(32)
    signature = HashField(64)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-day"]
        permissions = [("publish_edition", "Can publish an edition of a leaderboard")]
        constraints = [
            models.UniqueConstraint(fields=["suite", "day"], name="one_edition_of_a_board_a_day"),
            models.UniqueConstraint(fields=["group", "day"], name="one_edition_of_a_groups_board_a_day"),
            models.CheckConstraint(
                name="edition_is_of_a_suite_or_a_group",
                condition=Q(suite__isnull=False, suite_version__isnull=False, group=None)
                | Q(suite=None, suite_version=None, group__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(board)s, edition of %(day)s") % {"board": self.board, "day": self.name}

    def get_absolute_url(self) -> str:
        return f"{self.board.get_absolute_url()}/editions/{self.name}"

    @property
    def board(self) -> Suite | SuiteGroup:
        """Whose board it is."""
        board = self.suite or self.group
        if board is None:
            raise TypeError("An edition is of a suite or of a group.")
        return board

    @property
    def name(self) -> str:
        day: date = self.day
        return day.isoformat()


class EditionModel(models.Model):
    """Who stands in one row of an edition, in the words of that day. It goes with its repository, and the row stays nameless.

    `content`: canonical JSON with a salt of its own, whose SHA-256 is in the signed document; without the salt nobody could
    guess from the hash who was withheld.
    """

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="models")
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    content = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edition", "position"], name="edition_model_once")]

    def __str__(self) -> str:
        return f"row {self.position} of {self.edition}"
