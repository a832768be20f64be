# ruff: noqa: N815 - the client's names
"""Large files: listed, removed, copied."""

from typing import Any

from rest_framework import serializers

_SHA256 = "^[0-9a-f]{64}$"


class ListedFile(serializers.Serializer[Any]):
    fileOid = serializers.RegexField(_SHA256, help_text="SHA-256 of the content: by this it is removed.")
    oid = serializers.RegexField(_SHA256)
    filename = serializers.CharField(allow_blank=True)
    size = serializers.IntegerField()
    pushedAt = serializers.DateTimeField()
    ref = serializers.CharField(required=False)


class Deletions(serializers.Serializer[Any]):
    sha = serializers.ListField(child=serializers.RegexField(_SHA256), max_length=1000)
    rewriteHistory = serializers.BooleanField(required=False, help_text="True without it.")


class AskedRemoval(serializers.Serializer[Any]):
    deletions = Deletions()


class Target(serializers.Serializer[Any]):
    type = serializers.ChoiceField(["model", "dataset"])
    name = serializers.CharField()


class CopiedFile(serializers.Serializer[Any]):
    sha256 = serializers.RegexField(_SHA256)
    xetHash = serializers.RegexField(_SHA256, required=False)
    filename = serializers.CharField(required=False)


class AskedCopy(serializers.Serializer[Any]):
    target = Target()
    files = serializers.ListField(child=CopiedFile(), max_length=500)


class FailedCopy(serializers.Serializer[Any]):
    sha256 = serializers.CharField()
    error = serializers.CharField()


class Copied(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    failed = FailedCopy(many=True)
