from __future__ import annotations

from django.db import models

from evaluations.models.run import Run


class Performance(models.Model):
    """How fast and how large a scored run found its model, for boards to sort by: the result document says more.

    A speed is null where it was not measured, or its repeats differed too much to be shown. Speeds compare within one
    `Run.machine` alone. Memory in bytes, `gpu_memory` null on a CPU; rates per second.
    """

    run = models.OneToOneField(Run, models.CASCADE, related_name="performance", primary_key=True)
    latency_p50_ms = models.FloatField(null=True, help_text="Of one row at a time.")
    latency_p90_ms = models.FloatField(null=True)
    latency_p99_ms = models.FloatField(null=True)
    samples_per_second = models.FloatField(null=True, help_text="At the best of the suite's batch sizes.")
    tokens_per_second = models.FloatField(null=True, help_text="Written, at the best of the suite's batch sizes.")
    batch_size = models.PositiveIntegerField(null=True, help_text="That was the best.")
    first_token_ms = models.FloatField(null=True)
    prefill_tokens_per_second = models.FloatField(null=True)
    decode_tokens_per_second = models.FloatField(null=True)
    memory = models.BigIntegerField(null=True, help_text="Peak of the process that ran the model.")
    gpu_memory = models.BigIntegerField(null=True, help_text="Peak of what torch allocated.")
    load_seconds = models.FloatField(null=True, help_text="From the file to the first inference.")

    def __str__(self) -> str:
        return f"performance of {self.run_id}"
