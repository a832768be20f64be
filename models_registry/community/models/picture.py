from __future__ import annotations

from django.conf import settings
from django.db import models

from models_registry.community.models.discussion import Event


class Picture(models.Model):
    """A picture for comments. Whoever knows its name may see it, so the name cannot be guessed.

    `shown_in`: the comments that hold it, or held it before they were edited. One that is in none is collected after a day;
    one whose comments are all hidden is shown to nobody. `hidden_reason`: why a moderator hid it by itself, or "".
    """

    name = models.CharField(max_length=43, unique=True)
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    key = models.CharField(max_length=200, unique=True, help_text="Where it lies in storage.")
    media_type = models.CharField(max_length=40)
    size = models.PositiveBigIntegerField()
    hidden_reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    shown_in = models.ManyToManyField(Event, related_name="pictures")

    class Meta:
        permissions = [("hide_picture", "Can hide a picture")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/uploads/{self.name}"
