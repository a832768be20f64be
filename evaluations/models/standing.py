from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from evaluations.models.run import Run
from evaluations.models.suite import SuiteVersion


class Trust(models.TextChoices):
    VERIFIED = "verified", _("Verified")  # run by a worker of this hub
    REPRODUCED = "reproduced", _("Reproduced")  # and another run of the same commit found the same


class Standing(models.Model):
    """The place of a repository's best verified run on a board, as `services.ranking` last found it.

    Made again from the scores at any time. `position` is the row's place in the order of scores; `first` and `last` are the
    ranks it may hold, as far as paired tests can tell.
    """

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="standing")
    suite_version = models.ForeignKey(SuiteVersion, models.CASCADE, related_name="standings")
    position = models.PositiveIntegerField()
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    trust = models.CharField(max_length=16, choices=Trust.choices)

    class Meta:
        indexes = [models.Index(fields=["suite_version", "position"], name="standing_by_position")]

    def __str__(self) -> str:
        return f"{self.first}–{self.last} on {self.suite_version}"
