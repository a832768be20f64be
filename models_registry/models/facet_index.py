from __future__ import annotations

from django.db import models

from models_registry.models.repository import Kind


class FacetIndex(models.Model):
    """Which public repositories have which value of each facet, as bitmaps (services.facet_index). Made again at any time."""

    kind = models.CharField(max_length=16, choices=Kind.choices, primary_key=True)
    made_at = models.DateTimeField()
    seconds = models.FloatField(help_text="How long it took to make.")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"facets of {self.kind}s"
