from __future__ import annotations

from django.db import models

from evaluations.models.run import Run


class Comparison(models.Model):
    """A scored run beside that of the commit scored before it, as `services.comparing` found by a paired test.

    Without `previous` there was none to compare it to. The metrics' differences follow from the scores of both.
    """

    class Verdict(models.TextChoices):
        BETTER = "better"
        WORSE = "worse"
        SAME = "same"  # no difference that the data can show
        UNTESTED = "untested"  # of one of the two no rows were kept
        FIRST = "first"  # there is nothing to compare it to

    class Test(models.TextChoices):
        NONE = ""
        MCNEMAR = "mcnemar"
        BOOTSTRAP = "bootstrap"

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="comparison")
    previous = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="comparisons")
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    test = models.CharField(max_length=16, choices=Test.choices, blank=True)
    p_value = models.FloatField(null=True)

    def __str__(self) -> str:
        return f"{self.run_id}: {self.verdict}"
