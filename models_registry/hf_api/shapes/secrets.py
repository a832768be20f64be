# ruff: noqa: N815 - as all of this API is written
"""Secrets in files."""

from typing import Any

from rest_framework import serializers


class Secret(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField(help_text="Such as “GitHub token”.")
    path = serializers.CharField()
    line = serializers.IntegerField()
    commit = serializers.RegexField("^[0-9a-f]{40}$", help_text="In which it was seen last.")
    fingerprint = serializers.CharField(help_text="The same for the same secret.")
    revoked = serializers.BooleanField(help_text="It was an access token of this hub, which it revoked.")
    foundAt = serializers.DateTimeField()
    dismissed = serializers.BooleanField()
    dismissedReason = serializers.CharField(required=False)


class Dismissal(serializers.Serializer[Any]):
    reason = serializers.CharField()
