from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from evaluations.models.run import Run
from evaluations.models.split import PublicAndHidden
from models_registry.models.fields import HashField


class Score(models.Model):
    """One metric of a scored run, with its 95 % interval. Never changed once written."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="scores")
    name = models.CharField(max_length=64)
    value = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    stderr = models.FloatField()
    method = models.CharField(max_length=120, help_text=_("How the interval was found."))
    n = models.PositiveIntegerField()
    chance = models.FloatField(null=True, help_text="What guessing reaches.")
    higher_is_better = models.BooleanField(default=True)
    primary = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="score_once_per_metric")]
        indexes = [models.Index(fields=["name", "value"], name="score_by_value")]

    def __str__(self) -> str:
        return f"{self.name} {self.value:.4f}"


class SplitScore(PublicAndHidden, models.Model):
    """Of a scored run on a suite with public and hidden rows: its primary metric on each. Never changed once written."""

    run = models.OneToOneField(Run, models.CASCADE, related_name="split_score", primary_key=True)
    public_value = models.FloatField(null=True)
    public_low = models.FloatField(null=True)
    public_high = models.FloatField(null=True)
    public_stderr = models.FloatField(null=True)
    hidden_value = models.FloatField(null=True)
    hidden_low = models.FloatField(null=True)
    hidden_high = models.FloatField(null=True)
    hidden_stderr = models.FloatField(null=True)
    public_n = models.PositiveIntegerField()
    hidden_n = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"public and hidden score of {self.run_id}"


class Result(models.Model):
    """What a scored run leaves behind, beside its scores. Never changed once written.

    `document`: canonical JSON, kept as text so that it stays the same to the byte. `outcomes`: which rows were right, eight a
    byte, row 0 in the lowest bit of the first; or `losses`: how bad each is, little-endian float32. `samples_key`: each row's
    prediction, as Parquet in storage.
    """

    run = models.OneToOneField(Run, models.CASCADE, related_name="result", primary_key=True)
    document = models.TextField()
    sha256 = HashField(32)
    public_key = HashField(32)
    signature = HashField(64)
    outcomes = models.BinaryField()
    losses = models.BinaryField(default=b"")
    samples_key = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"result of {self.run_id}"
